"""``tl.null_test``: whether a gene set clusters the classes better than chance would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number
from tissueshap.clustering import (
    check_starts,
    checked_classes,
    chosen_samples,
    expression,
    named_sets,
    random_sets,
    records_behind,
    scored_sets,
)

if TYPE_CHECKING:
    from anndata import AnnData


def null_test(
    adata: AnnData,
    label: str | None = None,
    *,
    gene_set: str | Mapping[str, Sequence[str]] = "shap",
    samples: str = "test",
    n_sets: int = 100,
    n_starts: int = 100,
    on: str = "umap",
    layer: str | None = None,
    scale: bool = False,
    n_pcs: int | None = None,
    n_neighbors: int = 15,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Compare a gene set's V-measure with those of random gene sets of the same size.

    Two p-values are given. The published one is a one-tailed t test of the
    V-measures of the set's k-means starts against those of all random sets' starts;
    starts on the same embedding are not independent replicates, so it is far too
    small. The empirical one treats each random set as one draw: p = (1 + b) / (1 + n),
    where b of n random sets have a mean V-measure as high as the set's or higher.

    Parameters
    ----------
    adata
        Samples x genes. Reads ``layers[layer]``, ``obs["split"]`` if present,
        and the column of ``var`` that defines ``gene_set``.
    %(label)s
    gene_set
        ``"shap"``, ``"de"``, or a mapping of one name to gene identifiers.
    samples, on, layer, scale, n_pcs, n_neighbors
        As in ``tl.cluster``.
    n_sets
        Number of random sets, all different draws from all genes.
    n_starts
        Runs of k-means per set.
    seed
        Seed of the random sets, of UMAP and of k-means.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["null_test"]``:

    ``gene_set``, ``n_genes``, ``n_sets``
        The set tested, its size, the number of random sets.
    ``observed``, ``null_mean``, ``null_sd``
        Mean V-measure of the set; mean and standard deviation of the random sets'
        means.
    ``empirical_pvalue``, ``t_statistic``, ``t_pvalue``
        The two tests, both one-tailed (greater). The t test (Welch's) is missing
        with fewer than two starts.
    ``v_measure``
        One row per start: ``gene_set`` (the set's name or ``"random"``), ``replicate``,
        ``start``, ``v_measure``, ``homogeneity``, ``completeness``.
    ``null``
        One row per random set: ``replicate``, ``v_measure`` (its mean over the starts).

    Raises
    ------
    MissingSlotError
        If the set's slot is missing.
    DataError
        If the set holds every gene, so that no other draw exists.

    Notes
    -----
    Yap et al. (2021), Scientific Reports 11:2641, figure S8; the empirical p-value as
    Phipson and Smyth (2010) give it.

    Examples
    --------
    >>> ts.tl.null_test(adata, n_sets=19, n_starts=2, on="expression")
    >>> 0 < float(adata.uns["tissueshap"]["null_test"]["empirical_pvalue"]) <= 1
    True
    """
    adata = target(adata, copy=copy)
    layer = slots.input_layer(adata, layer)
    check_starts(n_starts, on)
    check_number("n_sets", n_sets, low=1, integer=True)
    reads = records_behind(gene_set)
    sources = slots.begin(adata, "null_test", *reads, layer=layer, key_added=key_added)
    rows = chosen_samples(adata, samples)
    codes = checked_classes(adata, label, rows)
    name, genes = _one_set(adata, gene_set)
    if len(genes) == adata.n_vars:
        raise DataError(f"the gene set {name!r} holds all {adata.n_vars} genes: there is no null")
    drawn = enumerate(random_sets(adata.n_vars, len(genes), n_sets, seed), start=1)
    sets = [(name, 1, genes), *(("random", n, positions) for n, positions in drawn)]
    embedding: dict[str, Any] = {"n_pcs": n_pcs, "n_neighbors": n_neighbors, "seed": seed}
    read = partial(expression, adata, layer, rows, scale=scale)
    scored = scored_sets(
        sets, read, codes, embedding=embedding, on=on, n_starts=n_starts, desc="random gene sets"
    )
    scores = [table for _, table in scored]
    observed, null = scores[0], pd.concat(scores[1:], ignore_index=True)
    slots.write(
        adata,
        "null_test",
        {
            "uns": {
                "gene_set": name,
                "n_genes": len(genes),
                "n_sets": n_sets,
                **_tests(observed, null),
                "v_measure": pd.concat([observed, null], ignore_index=True),
            }
        },
        params={
            "label": label,
            "gene_set": name,
            "samples": samples,
            "n_sets": n_sets,
            "n_starts": n_starts,
            "on": on,
            "layer": layer,
            "scale": scale,
            "n_pcs": n_pcs,
            "n_neighbors": n_neighbors,
        },
        seed=seed,
        versions=("umap-learn", "scikit-learn", "scipy"),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _one_set(adata: AnnData, gene_set: Any) -> tuple[str, np.ndarray]:
    sets = named_sets(adata, gene_set, n_random=0, seed=0)
    if len(sets) != 1:
        raise DataError(f"null_test tests one gene set, not {len(sets)}: give one name")
    name, _, genes = sets[0]
    return ("tested" if name == "random" else name), genes


def _tests(observed: pd.DataFrame, null: pd.DataFrame) -> dict[str, Any]:
    from scipy.stats import ttest_ind_from_stats

    means = null.groupby("replicate", sort=True)["v_measure"].mean()
    mean = float(observed["v_measure"].mean())
    results: dict[str, Any] = {
        "observed": mean,
        "null_mean": float(means.mean()),
        "null_sd": float(means.std(ddof=0)),
        "empirical_pvalue": float((1 + (means >= mean).sum()) / (1 + len(means))),
        "null": means.reset_index(),
    }
    ours, theirs = observed["v_measure"], null["v_measure"]
    if len(ours) > 1 and len(theirs) > 1 and (ours.std() > 0 or theirs.std() > 0):
        # From the moments: scipy would warn of k-means scores without any spread.
        t = ttest_ind_from_stats(
            *(ours.mean(), ours.std(), len(ours)),
            *(theirs.mean(), theirs.std(), len(theirs)),
            equal_var=False,
            alternative="greater",
        )
        results |= {"t_statistic": float(t.statistic), "t_pvalue": float(t.pvalue)}
    return results
