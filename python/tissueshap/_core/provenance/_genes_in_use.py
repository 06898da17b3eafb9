"""The genes that results depend on: all, or those that ``pp.filter_genes`` marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema

if TYPE_CHECKING:
    from anndata import AnnData


def genes_in_use(adata: AnnData) -> np.ndarray | None:
    """Return which genes ``pp.filter_genes`` marks; None if all are used."""
    if "filter_genes" not in adata.uns.get(schema.UNS, {}):
        return None
    mark = adata.var.get(schema.var.filter_pass)
    mask = None if mark is None else np.asarray(mark, dtype=bool)
    return None if mask is None or mask.all() else mask
