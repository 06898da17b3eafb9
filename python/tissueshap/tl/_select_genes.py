"""``tl.select_genes``: the genes that distinguish the classes, from their ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap.ranking import above, agreement, fold_ranks, mirrored_fdr, ranks_to_take, spread

if TYPE_CHECKING:
    from anndata import AnnData

#: What `threshold` is by default.
_THRESHOLDS = {"peak": 1 / 3, "unique_fraction": 0.5}
#: Shares of unique genes that the supplement of Yap et al. looks at.
_SHARES = (0.9, 0.8, 0.7, 0.6, 0.5)


def select_genes(
    adata: AnnData,
    label: str | None = None,
    *,
    method: Literal["peak", "unique_fraction", "top_n", "elbow", "permutation_fdr"] = "peak",
    threshold: float | None = None,
    n_top: int | None = None,
    fdr: float = 0.05,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Select the top-ranked genes of each class, the same number for all.

    The number is a choice, not a result. By default ranks are selected as long as their
    values, averaged over the classes, are at least a third of the highest.

    The published rule (``"unique_fraction"``: Yap et al., Scientific Reports 11:2641, 2021)
    uses the lists alone. With n ranks of each class there are n x classes places, but fewer
    different genes, because a gene may rank high in several classes. The rule takes more
    ranks as long as the number of different genes is more than half of the number of places:
    103 ranks of 47 tissues there, 2,423 genes in 4,841 places. If the lists of the classes
    differ, this share falls late, long after the values have fallen: on the simulated
    compendium the rule selects most of the genes.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.rank_genes``. Reads ``varm["shap_rank"]`` and
        ``varm["shap_median"]``.
    %(label)s
    method
        ``"peak"``: the ranks whose value is at least the share `threshold` of the class's
        highest, averaged over the classes. ``"unique_fraction"``: the most ranks before
        unique genes / places first falls to `threshold`; the rank that crosses is excluded.
        ``"top_n"``: `n_top` ranks.
        ``"elbow"``: the ranks before the sorted values, averaged over the classes, fall into
        their tail (Zhu and Ghodsi, Computational Statistics & Data Analysis 51:918, 2006).
        ``"permutation_fdr"``: the most ranks of which no more than `fdr` would be reached
        by genes whose values have their signs flipped (Barber and Candès, Annals of
        Statistics 43:2055, 2015): all genes that are evidence for their class, however weak.
        It needs a signed statistic.
    threshold
        For ``"peak"`` the share of the highest value, a third by default; for
        ``"unique_fraction"`` that of unique genes, half by default.
    n_top
        Number of ranks, for ``"top_n"``.
    fdr
        False discovery rate, for ``"permutation_fdr"``.
    key_added
        Name of the record instead of ``"select_genes"``, and prefix of what is written;
        the ranks are read under this name too if present.
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``var["shap_selected"]`` and
    ``uns["tissueshap"]["select_genes"]``: ``n_ranks``, ``n_genes``, ``unique_fraction``;
    ``curve`` (``n_ranks``, ``n_unique``, ``n_total``, ``unique_fraction``,
    ``exclusive_fraction``: share of the unique genes that only one class selects);
    ``by_share`` (``share``: 90 to 50 % of the places unique; ``n_ranks`` for which this
    holds, 0 if it does not hold for the first; ``n_genes``, ``n_exclusive`` in them);
    ``genes`` (``class``, ``gene``, ``rank``, ``value``, ``exclusive``).
    ``curve`` also has the column ``fdr`` if the values are signed.

    After ``tl.cross_validate``, ``genes`` also has each gene's ranks by the samples of single
    folds, for folds with samples of the class: ``n_folds`` (number of folds in which it is
    among the ``n_ranks``), ``rank_low`` and ``rank_high``; and ``folds`` has the agreement of
    the folds: ``class``, ``n_folds`` (with samples of it), ``jaccard`` and ``rbo`` (of the
    ``n_ranks`` genes, mean over pairs of folds), ``jaccard_expected`` (by chance).

    Raises
    ------
    DataError
        No class is ranked, or method, threshold, n_top or fdr is invalid.

    Examples
    --------
    >>> ts.tl.select_genes(adata, method="top_n", n_top=5)
    >>> int(adata.uns["tissueshap"]["select_genes"]["n_ranks"])
    5
    """
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    ranked = slots.named(schema.varm.shap_rank, key_added) in adata.varm
    source = key_added if ranked else None
    sources = slots.begin(adata, "select_genes", source or "rank_genes", key_added=key_added)
    classes = slots.class_names(adata, name)
    frame = slots.class_frame(adata, "varm", schema.varm.shap_rank, classes, key_added=source)
    value = slots.class_frame(adata, "varm", schema.varm.shap_median, classes, key_added=source)
    ranked_classes = [class_name for class_name in classes if frame[class_name].notna().any()]
    if not ranked_classes:
        raise DataError("no class is ranked: run ts.tl.rank_genes(adata) again")
    ranks = frame[ranked_classes].to_numpy()
    values = value[ranked_classes].to_numpy(dtype=np.float64)
    curve = unique_curve(ranks)
    if (values < 0).any():
        curve["fdr"] = mirrored_fdr(values)[: len(curve)]
    threshold = _THRESHOLDS.get(method) if threshold is None else threshold
    n_ranks = ranks_to_take(curve, values, method, threshold=threshold, n_top=n_top, fdr=fdr)
    genes = _selected(ranks, values, n_ranks, ranked_classes, adata.var_names)
    by_fold = fold_ranks(adata, ranked_classes, source)
    over_folds = {}
    if by_fold:
        genes = spread(genes, by_fold, n_ranks, ranked_classes, adata.var_names)
        over_folds["folds"] = agreement(by_fold, n_ranks, ranked_classes)
    selected = (ranks <= n_ranks).any(axis=1)
    slots.write(
        adata,
        "select_genes",
        {
            "var": {schema.var.shap_selected: selected},
            "uns": {
                "n_ranks": n_ranks,
                "n_genes": int(selected.sum()),
                "unique_fraction": float(curve["unique_fraction"].iloc[n_ranks - 1]),
                "curve": curve,
                "by_share": by_share(curve),
                "genes": genes,
                **over_folds,
            },
        },
        params={
            "label": name,
            "method": method,
            "threshold": threshold,
            "n_top": n_top,
            "fdr": fdr,
        },
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def unique_curve(ranks: np.ndarray) -> pd.DataFrame:
    """Return how many genes the top n ranks of all classes hold, for each n.

    A gene is included from its best rank on, and in only one class until its second best.

    Parameters
    ----------
    ranks
        genes x classes, 1 the highest, integers up to the number of genes; NaN for genes that
        are not ranked.
    """
    most = int(np.nanmax(ranks))
    ordered = np.sort(np.where(np.isnan(ranks), most + 1, ranks).astype(np.int64), axis=1)
    first = np.bincount(ordered[:, 0], minlength=most + 2).cumsum()[1 : most + 1]
    shared = np.zeros_like(first)
    if ranks.shape[1] > 1:
        shared = np.bincount(ordered[:, 1], minlength=most + 2).cumsum()[1 : most + 1]
    n_ranks = np.arange(1, most + 1)
    total = n_ranks * ranks.shape[1]
    return pd.DataFrame(
        {
            "n_ranks": n_ranks,
            "n_unique": first,
            "n_total": total,
            "unique_fraction": first / total,
            "exclusive_fraction": (first - shared) / first,
        }
    )


def by_share(curve: pd.DataFrame) -> pd.DataFrame:
    """Return how many ranks, genes and exclusive genes there are at shares of unique genes.

    Parameters
    ----------
    curve
        As :func:`unique_curve` returns it.
    """
    n_ranks = np.array([above(curve, share) for share in _SHARES])
    rows = curve.iloc[np.maximum(n_ranks, 1) - 1]
    n_genes = np.where(n_ranks > 0, rows["n_unique"], 0)
    n_exclusive = (n_genes * rows["exclusive_fraction"].to_numpy()).round().astype(np.int64)
    return pd.DataFrame(
        {"share": _SHARES, "n_ranks": n_ranks, "n_genes": n_genes, "n_exclusive": n_exclusive}
    )


def _selected(
    ranks: np.ndarray, values: np.ndarray, n_ranks: int, classes: list[str], names: pd.Index
) -> pd.DataFrame:
    """Return the selected genes of each class, by rank."""
    inside = ranks <= n_ranks
    gene, code = np.nonzero(inside)
    table = pd.DataFrame(
        {
            "class": np.asarray(classes)[code],
            "gene": np.asarray(names)[gene],
            "rank": ranks[gene, code].astype(np.int64),
            "value": values[gene, code],
            "exclusive": inside.sum(axis=1)[gene] == 1,
        }
    )
    return table.sort_values(["class", "rank"], kind="stable", ignore_index=True)
