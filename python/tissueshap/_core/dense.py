"""Matrices in any of the forms that AnnData holds, a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

#: Values in a block: 32 MiB as float64, so a block costs little beside any matrix.
_BLOCK = 2**22


def blocks(values: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the rows of a matrix as dense blocks.

    Parameters
    ----------
    values
        Samples x genes: an array, a sparse matrix, or one that lies in a file.

    Yields
    ------
        The rows, and their values: rows of the block x genes.
    """
    if getattr(values, "format", None) in ("csc", "coo"):
        values = values.tocsr()
    n_rows, n_columns = values.shape
    step = max(1, _BLOCK // max(1, n_columns))
    for start in range(0, n_rows, step):
        rows = slice(start, min(start + step, n_rows))
        yield rows, dense(values[rows])


def dense(values: Any) -> np.ndarray:
    """Return a matrix as an array, without a copy where it is one."""
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values)
