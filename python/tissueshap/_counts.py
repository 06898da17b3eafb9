"""What every verb asks of an AnnData that it reads counts from or writes to."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from anndata import AnnData

from tissueshap._dense import blocks
from tissueshap._errors import DataError
from tissueshap._rconvert import Matrix
from tissueshap._settings import settings

#: Counts that R does in the time that its workers need to start, or less.
_FEW = 20_000_000
_INT32_MAX = np.iinfo(np.int32).max


def target(adata: AnnData, *, copy: bool) -> AnnData:
    """Return the AnnData to write to: itself, or a copy of it.

    A view is made an AnnData of its own first, as scanpy does, so that writing to it
    leaves its parent alone.
    """
    if copy:
        return adata.to_memory(copy=True) if adata.isbacked else adata.copy()
    if adata.is_view:
        if adata.isbacked:
            raise DataError(
                "adata is a view of a file, which cannot be written to: run "
                "adata = adata.to_memory() first"
            )
        adata._init_as_actual(adata.copy())
    return adata


def workers(adata: AnnData) -> int:
    """Return how many processes R shall share the counts among."""
    return settings.cores if adata.n_obs * adata.n_vars > _FEW else 1


def checked(adata: AnnData) -> Matrix:
    """Return the raw counts of ``adata.X`` for R, or say what is wrong with them.

    Parameters
    ----------
    adata
        Samples x genes; ``X`` may be dense or sparse, of any number type, in memory or
        in a file.

    Returns
    -------
        The counts with their samples' and genes' names, integer where 32 bits suffice.

    Raises
    ------
    DataError
        If a value is missing, infinite, negative or fractional, or a sample has no
        counts at all; the message names gene, sample and value.
    """
    if adata.X is None:
        raise DataError("adata.X is empty: put the raw counts there, samples x genes")
    if 0 in adata.shape:
        raise DataError(f"adata has {adata.n_obs} samples and {adata.n_vars} genes: none to use")
    values = adata.X
    totals = np.zeros(adata.n_obs)
    largest = 0.0
    for rows, block in blocks(values):
        _check_block(adata, rows.start, block)
        totals[rows] = block.sum(axis=1, dtype=np.float64)
        largest = max(largest, float(block.max()))
    if (totals == 0).any():
        empty = list(adata.obs_names[totals == 0])
        raise DataError(
            f"{len(empty)} samples have no counts at all: {empty[:5]}: drop them, "
            "adata = adata[adata.X.sum(axis=1) > 0].copy()"
        )
    return Matrix(
        values,
        samples=list(adata.obs_names),
        genes=list(adata.var_names),
        integer=largest <= _INT32_MAX,
    )


def _check_block(adata: AnnData, start: int, block: np.ndarray) -> None:
    if block.dtype.kind not in "uifb":
        raise DataError(f"adata.X holds values of type {block.dtype}: counts are numbers")
    if block.dtype.kind == "f":
        finite = np.isfinite(block)
        if not finite.all():
            _name(
                adata, start, block, ~finite, "is missing or infinite", "drop it, or put it right"
            )
        whole = block == np.rint(block)
        if not whole.all():
            _name(adata, start, block, ~whole, "is not whole", "give raw counts, not scaled ones")
    if block.min() < 0:
        _name(adata, start, block, block < 0, "is negative", "give raw counts, not logarithms")


def _name(
    adata: AnnData, start: int, block: np.ndarray, bad: np.ndarray, problem: str, remedy: str
) -> NoReturn:
    row, column = map(int, np.argwhere(bad)[0])
    value: Any = block[row, column]
    raise DataError(
        f"the count {value} of gene {adata.var_names[column]!r} in sample "
        f"{adata.obs_names[start + row]!r} (adata.X) {problem}: {remedy}"
    )
