"""``tl.stability``: whether the same genes distinguish the classes in another cohort."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap._core.options import check_number
from tissueshap.enrichment import adjusted
from tissueshap.evaluation import matches
from tissueshap.trust import rank_biased_overlap, rank_biased_overlap_by_chance

if TYPE_CHECKING:
    from anndata import AnnData


def stability(
    adata: AnnData,
    other: AnnData,
    label: str | None = None,
    *,
    other_label: str | None = None,
    map: Mapping[str, str] | None = None,
    n_top: int | None = None,
    p: float | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Compare the SHAP genes of each class with those of another cohort, seed or fold.

    Only genes that both rank are compared; they are matched by name and ranked among
    themselves. The overlap is compared with that of two random draws of ``n_top`` genes: the
    expected number is ``n_top**2 / n_genes``, the p-value is the hypergeometric upper tail.

    Parameters
    ----------
    adata, other
        Samples x genes, each after ``tl.rank_genes``. Read ``varm["shap_rank"]``, and of
        `adata` the number of ranks that ``tl.select_genes`` took.
    label, other_label
        Columns of ``obs`` with the classes; those recorded by default.
    map
        The class of `adata` for each class of `other`: ``{"zone of skin": "Skin"}``. Classes
        that are not listed have the same name in both. Several may map to the same class.
    n_top
        Ranks that count as selected; those of ``tl.select_genes`` by default.
    p
        Persistence of the rank-biased overlap, above 0 and below 1: the first ``1 / (1 - p)``
        ranks have most of the weight. By default ``1 - 1 / n_top``.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["stability"]``:

    ``n_genes``, ``n_top``, ``p``, ``median_fraction``, ``median_rbo``
        Shared genes, the settings, and medians over the matched classes.
    ``per_class``
        One row per matched class of `other`: ``class``, ``other`` (its name there), ``n_top``,
        ``n_both``, ``fraction`` (``n_both / n_top``), ``expected``, ``pvalue``, ``fdr``
        (Benjamini-Hochberg), ``jaccard``, ``kuncheva`` (Kuncheva's index: 0 by chance; missing
        where all genes are selected), ``rbo`` and ``rbo_expected`` (rank-biased
        overlap of the whole rankings and its mean over random ones), ``closest`` (the
        class of `adata` that shares most of the ``n_top`` genes; in ties the class itself).
    ``genes``
        The genes in both selections: ``class``, ``other``, ``gene``, ``rank``,
        ``other_rank``.

    Raises
    ------
    DataError
        No class or fewer than two genes are shared, or `n_top` or `p` is invalid.

    Notes
    -----
    Rank-biased overlap: Webber, Moffat and Zobel, ACM Transactions on Information Systems
    28:20 (2010).

    Examples
    --------
    >>> background = adata.layers["log2"][adata.obs["split"] == "train"]
    >>> ts.tl.shap(other, model, samples="all", background=background, n_draws=20)
    >>> ts.tl.rank_genes(other)
    >>> ts.tl.stability(adata, other)
    >>> adata.uns["tissueshap"]["stability"]["per_class"]["class"].tolist()
    ['Heart', 'Liver', 'Lung']
    """
    adata = target(adata, copy=copy)
    selected = "select_genes" if n_top is None else None
    sources = slots.begin(adata, "stability", "rank_genes", selected, key_added=key_added)
    slots.current(other, "rank_genes", what="other")
    first = _ranked(adata, slots.label_name(adata, label))
    second = _ranked(other, slots.label_name(other, other_label))
    first, second = _shared(first, second)
    n_genes = len(first)
    n_top = int(slots.table(adata, "select_genes", "n_ranks")) if n_top is None else n_top
    check_number("n_top", n_top, low=1, high=n_genes, integer=True)  # of the shared genes
    p = 1 - 1 / max(n_top, 2) if p is None else p
    if not 0 < p < 1:
        raise DataError(f"p must be above 0 and below 1, not {p}")
    matched = matches(list(second.columns), list(first.columns), map)
    if lost := [name for name in second.columns if name not in matched]:
        logger.info("classes of the other cohort that are not compared: %s", lost[:10])
    chosen = first <= n_top
    rows = [
        _row(first, second[theirs], chosen, own, theirs, n_top=n_top, p=p)
        for theirs, own in matched.items()
    ]
    table = pd.DataFrame(rows)
    table.insert(list(table.columns).index("pvalue") + 1, "fdr", adjusted(table["pvalue"]))
    genes = [_genes(first[own], second[theirs], n_top) for theirs, own in matched.items()]
    slots.write(
        adata,
        "stability",
        {
            "uns": {
                "n_genes": n_genes,
                "n_top": n_top,
                "p": p,
                "median_fraction": float(table["fraction"].median()),
                "median_rbo": float(table["rbo"].median()),
                "per_class": table,
                "genes": pd.concat(genes, ignore_index=True),
            }
        },
        params={"n_top": n_top, "p": p},
        versions=("scipy",),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _ranked(adata: AnnData, label: str) -> pd.DataFrame:
    """Return the ranks, genes x classes, without genes and classes that have none."""
    frame: pd.DataFrame = slots.require(adata, "varm", schema.varm.shap_rank)
    explained = slots.table(adata, "rank_genes", "counts")["class"].astype(str)
    classes = list(dict.fromkeys([*explained, *slots.class_names(adata, label)]))
    names = list(schema.columns_in(classes, frame.columns))
    ranks = slots.class_frame(adata, "varm", schema.varm.shap_rank, names)
    ranks = ranks.dropna(axis=1, how="all").dropna(axis=0)
    return ranks.set_axis(ranks.index.astype(str), axis=0)


def _shared(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    genes = first.index.intersection(second.index)
    if len(genes) < 2:
        raise DataError(
            f"{len(genes)} genes are ranked in both: {list(first.index[:3])} and "
            f"{list(second.index[:3])}; use the same kind of identifier in both"
        )
    ranks = (frame.loc[genes].rank(method="first").astype(np.int64) for frame in (first, second))
    one, two = ranks
    return one, two


def _row(
    first: pd.DataFrame,
    second: pd.Series,
    chosen: pd.DataFrame,
    own: str,
    theirs: str,
    *,
    n_top: int,
    p: float,
) -> dict[str, Any]:
    from scipy.stats import hypergeom

    n_genes = len(second)
    shared = chosen[second <= n_top].sum()
    n_both = int(shared[own])
    return {
        "class": own,
        "other": theirs,
        "n_top": n_top,
        "n_both": n_both,
        "fraction": n_both / n_top,
        "expected": n_top**2 / n_genes,
        "pvalue": float(hypergeom.sf(n_both - 1, n_genes, n_top, n_top)),
        "jaccard": n_both / (2 * n_top - n_both),
        "kuncheva": _corrected(n_both, n_top, n_genes),
        "rbo": rank_biased_overlap(_order(first[own]), _order(second), p=p),
        "rbo_expected": rank_biased_overlap_by_chance(n_genes, n_genes, p=p),
        "closest": own if shared[own] == shared.max() else str(shared.idxmax()),
    }


def _corrected(n_both: int, n_top: int, n_genes: int) -> float:
    expected = n_top**2 / n_genes
    return (n_both - expected) / (n_top - expected) if n_top < n_genes else float("nan")


def _order(ranks: pd.Series) -> np.ndarray:
    """Return the positions of the genes, the first rank first."""
    return np.argsort(ranks.to_numpy())


def _genes(first: pd.Series, second: pd.Series, n_top: int) -> pd.DataFrame:
    both = (first <= n_top) & (second <= n_top)
    table = pd.DataFrame(
        {
            "class": str(first.name),
            "other": str(second.name),
            "gene": first.index[both],
            "rank": first[both].to_numpy(),
            "other_rank": second[both].to_numpy(),
        }
    )
    return table.sort_values("rank", ignore_index=True)
