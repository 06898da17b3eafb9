"""What genes and gene sets are called in figures, tables and the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tissueshap._core import schema

if TYPE_CHECKING:
    from anndata import AnnData

#: Gene sets by the names that verbs give them, in the order of display.
GENE_SETS = {
    "shap": "SHAP genes",
    "de": "DE genes",
    "all": "all genes",
    "random": "random genes",
}


def symbols(adata: AnnData) -> pd.Series[str]:
    """Return each gene's symbol, by identifier; the identifier itself if it has no symbol."""
    ids = pd.Series(adata.var_names.astype(str), index=adata.var_names.astype(str))
    if schema.var.symbol not in adata.var:
        return ids
    column = adata.var[schema.var.symbol].astype("string").to_numpy()
    values = pd.Series(column, index=ids.index, dtype="string")
    # Tables of other programs have "nan" where a symbol is missing.
    return values.where(values.notna() & ~values.isin(["", "nan"]), ids).astype(str)
