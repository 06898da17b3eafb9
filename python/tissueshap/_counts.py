"""What every verb asks of an AnnData that it reads counts from or writes to."""

from __future__ import annotations

from os import PathLike
from typing import Any, NoReturn

import numpy as np
from anndata import AnnData

from tissueshap import _schema, _slots
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

    Raises
    ------
    DataError
        If it is no AnnData, names of samples or genes repeat, or it is a view of a file.
    """
    check(adata)
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


def check(adata: AnnData, what: str = "adata") -> None:
    """Raise unless this is an AnnData whose samples, genes and columns have names of their own.

    All are matched by name. ``what`` is what messages call it.
    """
    if not isinstance(adata, AnnData):
        raise DataError(_no_anndata(adata, what))
    for group in ("obs", "var"):
        columns = getattr(adata, group).columns
        if not columns.is_unique:
            twice = list(map(str, columns[columns.duplicated()].unique()[:5]))
            raise DataError(
                f"{what}.{group} has the column {twice[0]!r} twice: rename or drop one of them"
                if len(twice) == 1
                else f"{what}.{group} has the columns {twice} twice: rename or drop one of each"
            )
    for axis in ("obs_names", "var_names"):
        names = getattr(adata, axis)
        if not names.is_unique:
            twice = list(map(str, names[names.duplicated()].unique()[:5]))
            raise DataError(
                f"{what}.{axis} holds names twice: {twice}: run {what}.{axis}_make_unique() "
                "first, or add up what belongs together"
            )


def _no_anndata(given: object, what: str) -> str:
    if isinstance(given, str | PathLike):
        return (
            f"{what} is the path {str(given)!r}, not an AnnData: read it first, "
            f"{what} = ts.io.read_h5ad(path)"
        )
    return (
        f"{what} is of type {type(given).__name__}, not an AnnData: that comes first, and "
        "anndata.AnnData(counts) makes one of samples x genes"
    )


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
            f"{len(empty)} sample(s) have no counts at all: {empty[:5]}: drop them, "
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
            _name(adata, start, block, ~whole, "is not whole", _remedy(adata))
    if block.min() < 0:
        _name(adata, start, block, block < 0, "is negative", _remedy(adata))


def where_counts(adata: AnnData, *, estimated: bool = False) -> str:
    """Return where counts are: ``"X"``, ``"raw"`` or ``"layers/NAME"``; ``"X"`` if nowhere.

    ``layers["counts"]`` is scanpy's and scvi-tools' habit, ``raw`` that of CELLxGENE. It
    looks at the first rows of each. Fractions count where the counts are ``estimated``,
    in ``X`` and in ``layers["counts"]`` alone: elsewhere they are normalised values.
    """
    named, layers = f"layers/{_COUNTS}", _slots.items(adata, "layers")
    if estimated and _COUNTS in layers:
        return named
    if estimated or _is_counts(adata.X):
        return "X"
    others = [f"layers/{name}" for name in layers if name not in (*_DERIVED, _COUNTS)]
    for place in (named, "raw", *others):
        if _is_counts(matrix_at(adata, place)):
            return place
    return "X"


def matrix_at(adata: AnnData, place: str) -> Any:
    """Return the matrix at a place as :func:`where_counts` names it, None if there is none."""
    if place == "raw":
        return None if adata.raw is None else adata.raw.X
    return adata.X if place == "X" else adata.layers.get(place.removeprefix("layers/"))


#: The layer that holds counts by habit, and those that this package makes of them.
_COUNTS = "counts"
_DERIVED = (_schema.layers.tmm, _schema.layers.log2, _schema.layers.tpm, _schema.layers.shap)


def _remedy(adata: AnnData) -> str:
    """Return what to do where ``X`` holds no counts: they may lie elsewhere."""
    place = where_counts(adata)
    if place == "raw":
        return "counts are in adata.raw: adata = adata.raw.to_adata()"
    if place != "X":
        name = place.removeprefix("layers/")
        return f"counts are in a layer: adata.X = adata.layers[{name!r}].copy()"
    return (
        "give raw counts; estimated counts (RSEM, salmon, tximport) are rounded first, "
        "adata.X = np.rint(adata.X), which read_counts(values='estimated') does; values that are "
        "logarithms already go to adata.layers['log2'], and filter_genes, tmm and log2 are left "
        "out"
    )


def _is_counts(values: Any) -> bool:
    """Return whether the first rows of a matrix are counts (a mask of 0 and 1 is none)."""
    if values is None or 0 in values.shape:
        return False
    _, block = next(blocks(values))
    return bool(
        block.dtype.kind in "uif"
        and block.min() >= 0
        and block.max() > 1
        and np.isfinite(block).all()
        and (block == np.rint(block)).all()
    )


def _name(
    adata: AnnData, start: int, block: np.ndarray, bad: np.ndarray, problem: str, remedy: str
) -> NoReturn:
    row, column = map(int, np.argwhere(bad)[0])
    value: Any = block[row, column]
    raise DataError(
        f"the count {value} of gene {adata.var_names[column]!r} in sample "
        f"{adata.obs_names[start + row]!r} (adata.X) {problem}: {remedy}"
    )
