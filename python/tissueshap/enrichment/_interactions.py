"""Edges among a gene set against a random network that keeps each gene's degree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import pandas as pd


class Network:
    """An undirected network of the genes of a universe.

    Parameters
    ----------
    edges
        Columns ``a`` and ``b``, every pair once.
    universe
        Genes that could have been chosen; other genes' edges are dropped, since a
        gene set can have no edge to a gene that was not measured.
    """

    def __init__(self, edges: pd.DataFrame, universe: Sequence[str]) -> None:
        self.genes = pd.Index(dict.fromkeys(map(str, universe)))
        ends = np.column_stack(
            [self.genes.get_indexer(pd.Index(edges[name].astype(str))) for name in ("a", "b")]
        )
        self.ends = ends[(ends >= 0).all(axis=1)]
        self.degree = np.bincount(self.ends.ravel(), minlength=len(self.genes))

    def observed(self, chosen: np.ndarray) -> int:
        """Return the number of edges whose two genes are both chosen.

        Parameters
        ----------
        chosen
            One boolean a gene of the network.
        """
        return int(chosen[self.ends].all(axis=1).sum())

    def expected(self, chosen: np.ndarray) -> float:
        """Return the number of edges that the chosen genes' degrees let one expect.

        Parameters
        ----------
        chosen
            One boolean a gene of the network.
        """
        counts = np.bincount(self._degree_class[chosen], minlength=len(self._pair))
        ordered = counts @ self._pair @ counts
        # Pairs within a degree class: n (n - 1), not n squared; and each pair once.
        return float(ordered - counts @ np.diag(self._pair)) / 2

    @cached_property
    def _degree_class(self) -> np.ndarray:
        classes: np.ndarray = np.unique(self.degree, return_inverse=True)[1]
        return classes

    @cached_property
    def _pair(self) -> np.ndarray:
        """Chance of an edge between genes of two degrees, degrees x degrees.

        Of all random networks whose expected degrees are these, the least assuming
        one (Squartini and Garlaschelli, New Journal of Physics 13:083001, 2011):
        chance x_i x_j / (1 + x_i x_j), with the x found by fixed-point iteration,
        one for each degree that occurs. Unlike the product of the degrees it never
        exceeds one between hubs.
        """
        degree, size = np.unique(self.degree, return_counts=True)
        x = degree / np.sqrt(max(self.degree.sum(), 1))
        for _ in range(10_000):
            partners = x / (1 + np.outer(x, x))
            # A gene is not a partner of its own.
            new = degree / np.maximum(partners @ size - np.diag(partners), 1e-300)
            new[degree == 0] = 0.0
            close = np.allclose(new, x, rtol=1e-10, atol=0)
            x = np.sqrt(new * x)  # damped: the plain iteration can swing
            if close:
                break
        product: np.ndarray = np.outer(x, x)
        chance: np.ndarray = product / (1 + product)
        return chance


def interaction_test(network: Network, genes: Sequence[str]) -> dict[str, float]:
    """Test whether a gene set has more edges than its genes' degrees let one expect.

    Parameters
    ----------
    network
        The interactions of the universe.
    genes
        The gene set.

    Returns
    -------
    ``n_genes`` in the network's universe, ``n_connected`` of them with an edge inside
    the set, ``n_edges``, ``expected``, ``enrichment`` (their ratio, NaN where none is
    expected) and ``pvalue``: upper tail of a Poisson variable of the expected mean,
    which is conservative, because the edges' true variance is at most that.
    """
    from scipy.stats import poisson

    chosen = network.genes.isin(list(map(str, genes)))
    within = network.ends[chosen[network.ends].all(axis=1)]
    expected = network.expected(chosen)
    n_edges = network.observed(chosen)
    return {
        "n_genes": int(chosen.sum()),
        "n_connected": len(np.unique(within)),
        "n_edges": n_edges,
        "expected": expected,
        "enrichment": n_edges / expected if expected > 0 else float("nan"),
        "pvalue": float(poisson.sf(n_edges - 1, expected)) if n_edges else 1.0,
    }
