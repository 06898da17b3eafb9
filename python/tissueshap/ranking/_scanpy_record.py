"""Ranked genes in the form of ``sc.tl.rank_genes_groups``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

#: scanpy's columns, and the frames of ``tl.de`` that fill them.
_TESTS = {
    "logfoldchanges": schema.varm.de_logfc,
    "pvals": schema.varm.de_pvalue,
    "pvals_adj": schema.varm.de_fdr,
}


def scanpy_record(adata: AnnData, summary: pd.DataFrame, label: str) -> dict[str, Any]:
    """Return what scanpy's functions read from ``uns``: arrays with one field per class.

    Parameters
    ----------
    adata
        Samples x genes. The results of ``tl.de`` are included if it was run; otherwise fold
        changes and p-values are NaN.
    summary
        The statistic of the SHAP values, genes x classes. Classes without any are left out;
        genes without a value come last.
    label
        Column of ``obs`` with the classes.
    """
    classes = [str(name) for name in summary if summary[name].notna().any()]
    values = summary[classes].to_numpy(dtype=np.float64)
    order = np.argsort(np.where(np.isnan(values), np.inf, -values), axis=0, kind="stable")
    names = np.asarray(adata.var_names.astype(str), dtype=object)
    columns = {"names": names[order], "scores": _sorted(values, order)}
    for column, key in _TESTS.items():
        columns[column] = _sorted(_tested(adata, key, classes), order)
    return {
        "params": {
            "groupby": label,
            "reference": "rest",
            "method": "shap",
            "use_raw": False,
            "corr_method": "benjamini-hochberg",
        },
        **{
            column: np.rec.fromarrays(
                list(table.T), dtype=[(name, table.dtype) for name in classes]
            )
            for column, table in columns.items()
        },
    }


def _sorted(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, order, axis=0)


def _tested(adata: AnnData, key: str, classes: list[str]) -> np.ndarray:
    """Return a frame of ``tl.de`` as an array; NaN where it was not run for these classes."""
    try:
        frame = slots.class_frame(adata, "varm", key, classes)
    except DataError:  # a missing slot is one, too
        return np.full((adata.n_vars, len(classes)), np.nan)
    return frame.to_numpy(dtype=np.float64)
