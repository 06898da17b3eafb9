"""The table of the genes that the classifier uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap._core.labels import symbols
from tissueshap.report._results import text

if TYPE_CHECKING:
    from anndata import AnnData


def gene_table(adata: AnnData) -> pd.DataFrame:
    """Return the selected genes of every class, with all their results.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``.

    Returns
    -------
    pandas.DataFrame
        One row per class and gene, by class and rank: ``class``, ``rank``, ``gene``,
        ``symbol``, ``shap`` (median attribution), ``exclusive`` (selected only in this
        class), ``logfc``, ``fdr``, ``in_de`` (significant in this class). The last
        three are missing if ``tl.de`` has not been run; after ``tl.cross_validate``
        there are also ``n_folds``, ``rank_low`` and ``rank_high``, as
        ``tl.select_genes`` writes them.

    Raises
    ------
    MissingSlotError
        Genes have not been selected.

    Examples
    --------
    >>> ts.report.gene_table(adata).columns[:3].tolist()
    ['class', 'rank', 'gene']
    """
    chosen = slots.table(adata, "select_genes", "genes")
    table = pd.DataFrame(
        {
            "class": text(chosen["class"]),
            "rank": np.asarray(chosen["rank"], dtype=np.int64),
            "gene": text(chosen["gene"]),
            "shap": np.asarray(chosen["value"], dtype=np.float64),
            "exclusive": np.asarray(chosen["exclusive"], dtype=bool),
        }
    )
    if "n_folds" in chosen:
        names = ("n_folds", "rank_low", "rank_high")
        table = table.assign(**{name: np.asarray(chosen[name], dtype=np.int64) for name in names})
    table.insert(3, "symbol", symbols(adata).loc[table["gene"]].to_numpy())
    if schema.varm.de_fdr in adata.varm:
        classes = slots.class_names(adata)
        for name, key in (("logfc", schema.varm.de_logfc), ("fdr", schema.varm.de_fdr)):
            table[name] = _at(slots.class_frame(adata, "varm", key, classes), table)
        table["in_de"] = _at(called(adata, classes), table) == 1
    return table.sort_values(["class", "rank"], kind="stable", ignore_index=True)


def _at(frame: pd.DataFrame, table: pd.DataFrame) -> np.ndarray:
    """Return the value of each row's gene and class in a frame of genes x classes."""
    rows = frame.index.get_indexer(pd.Index(table["gene"]))
    columns = frame.columns.get_indexer(pd.Index(table["class"]))
    return np.asarray(frame.to_numpy(dtype=np.float64)[rows, columns])
