"""Raw counts: where an AnnData has them, and checks of those in ``X``."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError


def check_counts(adata: AnnData) -> float:
    """Return the largest of the raw counts of ``adata.X``, or raise if something is wrong.

    Parameters
    ----------
    adata
        Samples x genes; ``X`` may be dense or sparse, of any number type, in memory or
        in a file.

    Raises
    ------
    DataError
        If a value is missing, infinite, negative or fractional, or a sample has no
        counts at all; the message names gene, sample and value.
    """
    if adata.X is None:
        raise DataError("adata.X is empty: put the raw counts there, samples x genes")
    if 0 in adata.shape:
        raise DataError(
            f"adata has {adata.n_obs} samples and {adata.n_vars} genes: both must be 1 or more"
        )
    totals = np.zeros(adata.n_obs)
    largest = 0.0
    for rows, block in blocks(adata.X):
        _check_block(adata, rows.start, block)
        totals[rows] = block.sum(axis=1, dtype=np.float64)
        largest = max(largest, float(block.max()))
    if (totals == 0).any():
        empty = list(adata.obs_names[totals == 0])
        raise DataError(
            f"{len(empty)} sample(s) have no counts at all: {empty[:5]}: drop them, "
            "adata = adata[adata.X.sum(axis=1) > 0].copy()"
        )
    return largest


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
            _name(adata, start, block, ~whole, "is not an integer", _remedy(adata))
    if block.min() < 0:
        _name(adata, start, block, block < 0, "is negative", _remedy(adata))


def where_counts(adata: AnnData, *, estimated: bool = False) -> str:
    """Return where counts are: ``"X"``, ``"raw"`` or ``"layers/NAME"``; ``"X"`` if nowhere.

    scanpy and scvi-tools use ``layers["counts"]``, CELLxGENE uses ``raw``. The first rows of
    each are checked. With ``estimated``, fractions are accepted in ``X`` and in
    ``layers["counts"]``; elsewhere they are normalised values.
    """
    named, layers = f"layers/{_COUNTS}", slots.items(adata, "layers")
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
    """Return the matrix at a place named as in :func:`where_counts`, or None."""
    if place == "raw":
        return None if adata.raw is None else adata.raw.X
    return adata.X if place == "X" else adata.layers.get(place.removeprefix("layers/"))


#: The layer that usually holds counts, and those that this package derives from them.
_COUNTS = "counts"
_DERIVED = (schema.layers.tmm, schema.layers.log2, schema.layers.tpm, schema.layers.shap)


def _remedy(adata: AnnData) -> str:
    """Return what to do if ``X`` does not hold counts, which may be in another place."""
    place = where_counts(adata)
    if place == "raw":
        return "counts are in adata.raw: adata = adata.raw.to_adata()"
    if place != "X":
        name = place.removeprefix("layers/")
        return f"counts are in a layer: adata.X = adata.layers[{name!r}].copy()"
    return (
        "use raw counts; estimated counts (RSEM, salmon, tximport) must be rounded first, "
        "adata.X = np.rint(adata.X), which read_counts(values='estimated') does; put values that "
        "are log-transformed already into adata.layers['log2'] and skip filter_genes, tmm and "
        "log2"
    )


def _is_counts(values: Any) -> bool:
    """Return whether the first rows of a matrix are counts (and not only 0 and 1, a mask)."""
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
