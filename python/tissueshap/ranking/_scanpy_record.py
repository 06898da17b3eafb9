"""Ranked genes in the form of ``sc.tl.rank_genes_groups``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import provenance, schema, slots
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
        changes and p-values are NaN until :func:`add_tests`.
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
    return {
        "params": {
            "groupby": label,
            "reference": "rest",
            "method": "shap",
            "use_raw": False,
            "corr_method": "benjamini-hochberg",
        },
        "names": _fields(names[order], classes),
        "scores": _fields(np.take_along_axis(values, order, axis=0), classes),
        **_tests(adata, classes, order),
    }


def add_tests(adata: AnnData) -> None:
    """Fill in what ``tl.de`` finds where genes were ranked before it was run."""
    for entry in provenance.records(adata).values():
        keys = [key.partition("/")[2] for key in slots.listed(entry) if key.startswith("scanpy/")]
        for record in (adata.uns[key] for key in keys if key in adata.uns):
            classes = list(record["names"].dtype.names)
            names = np.column_stack([record["names"][name] for name in classes])
            rows = adata.var_names.astype(str).get_indexer(pd.Index(names.ravel().astype(str)))
            record.update(_tests(adata, classes, rows.reshape(names.shape)))


def _tests(adata: AnnData, classes: list[str], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return scanpy's columns of the genes in some rows; none is -1."""
    return {
        column: _fields(
            np.where(rows < 0, np.nan, np.take_along_axis(_tested(adata, key, classes), rows, 0)),
            classes,
        )
        for column, key in _TESTS.items()
    }


def _fields(table: np.ndarray, classes: list[str]) -> np.ndarray:
    fields: np.ndarray = np.rec.fromarrays(
        list(table.T), dtype=[(name, table.dtype) for name in classes]
    )
    return fields


def _tested(adata: AnnData, key: str, classes: list[str]) -> np.ndarray:
    """Return a frame of ``tl.de`` as an array; NaN for classes that it has not tested."""
    values = np.full((adata.n_vars, len(classes)), np.nan)
    for column, name in enumerate(classes):
        with suppress(DataError):  # a missing slot is one, too
            values[:, column] = slots.class_frame(adata, "varm", key, [name])[name]
    return values
