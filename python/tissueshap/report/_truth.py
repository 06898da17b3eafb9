"""Comparison of genes with a simulation's planted markers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap.report._results import result

if TYPE_CHECKING:
    from anndata import AnnData

Pairs = set[tuple[str, str]]


def score_truth(adata: AnnData) -> pd.DataFrame:
    """Compare the SHAP and DE genes with ``uns["truth"]``.

    A call is a pair of class and gene: for SHAP a gene selected in that class, for DE
    a gene significantly *higher* in that class (planted markers are up). Markers that the
    filter dropped count as planted but not found; those of classes that are not in the data are
    left out.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes`` and ``tl.de``. Reads ``uns["truth"]``, a table
        with the columns ``gene``, ``class`` and ``kind``, as ``datasets.simulate`` writes it.

    Returns
    -------
    pandas.DataFrame
        One row per method and kind of marker, and one for ``"any"``: ``method``, ``kind``,
        ``n_planted``, ``n_found``, ``recall`` (found / planted), ``n_called`` and
        ``precision`` (share of the method's calls that are planted markers of the
        kind; for ``"any"`` the method's precision). ``recall`` and ``precision`` are
        NaN if nothing was planted or called.

    Raises
    ------
    MissingSlotError
        ``uns["truth"]`` is missing.

    Examples
    --------
    >>> ts.report.score_truth(adata).columns.tolist()
    ['method', 'kind', 'n_planted', 'n_found', 'recall', 'n_called', 'precision']
    """
    if "truth" not in adata.uns:
        remedy = "only simulated data have it (ts.datasets.simulate)"
        raise slots.missing_slot("uns['truth']", remedy)
    truth = adata.uns["truth"].astype({"gene": str, "class": str, "kind": str})
    truth = truth[truth["class"].isin(slots.class_names(adata))]
    kinds = [*dict.fromkeys(truth["kind"]), "any"]
    rows = []
    for method, pairs in calls(adata).items():
        for kind in kinds:
            planted = _pairs(truth if kind == "any" else truth[truth["kind"] == kind])
            rows.append({"method": method, "kind": kind, **_score(planted, pairs)})
    return pd.DataFrame(rows)


def calls(adata: AnnData) -> dict[str, Pairs]:
    """Return the pairs of class and gene that each method calls, by method."""
    pairs_by_method: dict[str, Pairs] = {}
    chosen = result(adata, "select_genes", "genes")
    if chosen is not None:
        pairs_by_method["SHAP"] = _pairs(chosen.astype({"gene": str, "class": str}))
    if schema.varm.de_fdr in adata.varm:
        pairs_by_method["DE"] = _raised(adata)
    return pairs_by_method


def _raised(adata: AnnData) -> Pairs:
    classes = slots.class_names(adata)
    logfc = slots.class_frame(adata, "varm", schema.varm.de_logfc, classes)
    up = called(adata, classes) & (logfc > 0)
    return {(name, str(gene)) for name in classes for gene in up.index[up[name]]}


def _pairs(table: pd.DataFrame) -> Pairs:
    return set(zip(table["class"], table["gene"], strict=True))


def _score(planted: Pairs, pairs: Pairs) -> dict[str, float]:
    hits = len(planted & pairs)
    return {
        "n_planted": len(planted),
        "n_found": hits,
        "recall": hits / len(planted) if planted else float("nan"),
        "n_called": len(pairs),
        "precision": hits / len(pairs) if pairs else float("nan"),
    }
