"""The results of known marker genes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap._core.labels import symbols
from tissueshap.report._results import ran

if TYPE_CHECKING:
    from anndata import AnnData


def score_markers(adata: AnnData) -> pd.DataFrame:
    """Look up the genes of ``uns["markers"]``: rank, fold change, selected or not.

    Markers are matched by symbol and by identifier. Those that were not measured, or
    that the filter dropped, are kept in the table, because no method can find them.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``. Reads ``uns["markers"]``, a table with the
        columns ``class`` and ``gene``.

    Returns
    -------
    pandas.DataFrame
        One row per marker whose class is in the data: ``class``, ``gene`` (as listed),
        ``measured`` (passed the filter), ``shap_rank`` (NaN if not measured),
        ``in_shap`` (selected in the class), ``logfc``, ``fdr``, ``in_de``
        (significant in the class).

    Raises
    ------
    MissingSlotError
        ``uns["markers"]`` is missing, or genes have not been selected.

    Examples
    --------
    >>> adata.uns["markers"] = pd.DataFrame({"class": ["Liver"], "gene": [adata.var_names[0]]})
    >>> ts.report.score_markers(adata).columns.tolist()
    ['class', 'gene', 'measured', 'shap_rank', 'logfc', 'fdr', 'in_shap', 'in_de']
    """
    if "markers" not in adata.uns:
        remedy = "set it to a table with the columns class and gene, or run with --markers"
        raise slots.missing_slot("uns['markers']", remedy)
    chosen = slots.table(adata, "select_genes", "genes")
    selected = set(zip(chosen["class"].astype(str), chosen["gene"].astype(str), strict=True))
    classes = slots.class_names(adata)
    lookup = _lookup(adata)
    frames = _frames(adata, classes)
    rows = [
        _row(name, gene, lookup.get(gene), frames, selected)
        for name, gene in adata.uns["markers"][["class", "gene"]].astype(str).to_numpy()
        if name in classes
    ]
    columns = ["class", "gene", "measured", *_VALUES, "in_shap", "in_de"]
    return pd.DataFrame(rows, columns=columns)


_VALUES = {
    "shap_rank": schema.varm.shap_rank,
    "logfc": schema.varm.de_logfc,
    "fdr": schema.varm.de_fdr,
}


def _lookup(adata: AnnData) -> dict[str, str]:
    named = symbols(adata)
    ids = {str(gene): str(gene) for gene in adata.var_names}
    return {**dict(zip(named, named.index, strict=True)), **ids}


def _frames(adata: AnnData, classes: list[str]) -> dict[str, pd.DataFrame]:
    frames = {
        column: slots.class_frame(adata, "varm", key, classes)
        for column, key in _VALUES.items()
        if key in adata.varm
    }
    return {**frames, "in_de": called(adata, classes)} if ran(adata, "de") else frames


def _row(
    name: str,
    gene: str,
    identifier: str | None,
    frames: dict[str, pd.DataFrame],
    selected: set[tuple[str, str]],
) -> dict[str, Any]:
    values = {
        column: float("nan")
        if identifier is None
        else float(np.asarray(frame.loc[identifier, name]))
        for column, frame in frames.items()
    }
    return {
        "class": name,
        "gene": gene,
        "measured": identifier is not None,
        **{column: values.get(column, float("nan")) for column in _VALUES},
        "in_shap": (name, identifier) in selected,
        "in_de": values.get("in_de") == 1,
    }
