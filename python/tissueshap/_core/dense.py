"""Matrices in any form that AnnData supports, in blocks of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError

#: Values in a block: 32 MiB as float64, which is small compared with any large matrix.
_BLOCK = 2**22


def blocks(values: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the rows of a matrix as dense blocks.

    Parameters
    ----------
    values
        Samples x genes: an array, a sparse matrix, or one that is backed on disk.

    Yields
    ------
        The rows, and their values: rows of the block x genes.
    """
    if getattr(values, "format", None) in ("csc", "coo"):
        refuse_columns_first(values)
        values = values.tocsr()
    n_rows, n_columns = values.shape
    step = max(1, _BLOCK // max(1, n_columns))
    for start in range(0, n_rows, step):
        rows = slice(start, min(start + step, n_rows))
        yield rows, dense(values[rows])


def dense(values: Any) -> np.ndarray:
    """Return a matrix as an array, without a copy if it is one."""
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)


def refuse_columns_first(values: Any) -> None:
    """Refuse a matrix on disk whose columns are stored one after the other."""
    if getattr(values, "format", None) == "csc" and not hasattr(values, "tocsr"):
        raise DataError(
            "the matrix on disk is stored gene by gene (CSC), so that reading a sample would read "
            "all of it: write it sample by sample, adata = adata.to_memory(); "
            "adata.X = adata.X.tocsr(); ts.io.write_h5ad(adata, path)"
        )
