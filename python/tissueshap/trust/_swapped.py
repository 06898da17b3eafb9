"""Whether genes and their knockoffs can be distinguished after a swap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Neighbours of each sample.
_N_NEIGHBOURS = 5
#: Permutations of the two groups.
_N_PERMUTATIONS = 200


@dataclass(frozen=True)
class SwapTest:
    """The result of :func:`swap_test`.

    Attributes
    ----------
    share
        Of the nearest neighbours that are of a sample's own group.
    chance
        The same under permutations of the groups, about 0.5.
    pvalue
        Of the permutations, one-sided.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 5))
    >>> 0 <= ts.trust.swap_test(x, x).share <= 1
    True
    """

    share: float
    chance: float
    pvalue: float


def swap_test(x: np.ndarray, knockoffs: np.ndarray, *, seed: int = 42) -> SwapTest:
    r"""Test whether a swap of genes with their knockoffs leaves the distribution as it is.

    Half of the samples, drawn at random, have a random half of their genes swapped. If the
    knockoffs are right, :math:`(X, \tilde X)` of both halves have the same distribution, and a
    sample's nearest neighbours are of either half equally often (Schilling, JASA 81:799, 1986; for
    knockoffs Romano, Sesia and Candès, JASA 115:1861, 2020). The p-value is that of permutations
    of the two groups, corrected by one.

    Parameters
    ----------
    x, knockoffs
        Samples x genes.
    seed
        Seed of the swap and the permutations.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(60, 5))
    >>> ts.trust.swap_test(x, ts.trust.Knockoffs(x).draw(1)).pvalue > 0.05
    True
    """
    rng = np.random.default_rng([seed, 11])
    n, p = x.shape
    spread = x.std(axis=0)
    spread = np.where(spread > 0, spread, 1)
    x, knockoffs = x / spread, knockoffs / spread
    group = rng.permutation(n) % 2
    swapped = (group == 1)[:, None] & (rng.random(p) < 0.5)
    pairs = np.hstack([np.where(swapped, knockoffs, x), np.where(swapped, x, knockoffs)])
    neighbours = _neighbours(pairs, min(_N_NEIGHBOURS, n - 1))
    share = _share(group, neighbours)
    null = np.asarray([_share(rng.permutation(group), neighbours) for _ in range(_N_PERMUTATIONS)])
    pvalue = (1 + (null >= share).sum()) / (1 + null.size)
    return SwapTest(share, float(null.mean()), float(pvalue))


def _neighbours(points: np.ndarray, number: int) -> np.ndarray:
    centred = points - points.mean(axis=0)
    squares = np.square(centred).sum(axis=1)
    distances = squares[:, None] + squares - 2 * centred @ centred.T
    np.fill_diagonal(distances, np.inf)
    return np.argpartition(distances, number - 1, axis=1)[:, :number]


def _share(group: np.ndarray, neighbours: np.ndarray) -> float:
    return float((group[neighbours] == group[:, None]).mean())
