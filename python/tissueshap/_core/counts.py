"""Raw counts: where an AnnData has them, and checks of them.

Verbs that read counts take the name of a layer, ``"raw"`` or ``"X"``, and record it, so that
later verbs read them from the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError
from tissueshap._core.layers import RAW as _RAW, X as _X, counts_at
from tissueshap._core.lazy import lazily

#: Where the record of the counts' place is, which R calls an assay.
_RECORDED = "assay"


@dataclass(frozen=True)
class Counts:
    """Raw counts of an AnnData.

    Attributes
    ----------
    adata
        The AnnData.
    values
        Samples x genes; dense or sparse, of any number type, in memory or in a file.
    place
        ``"X"``, ``"raw"`` or the name of a layer.
    var
        One row per gene, named by its index.
    option
        The argument that names the place, for messages.
    """

    adata: AnnData
    values: Any
    place: str
    var: pd.DataFrame
    option: str = "layer"

    @property
    def var_names(self) -> pd.Index:
        """The names of the genes."""
        return self.var.index

    @property
    def where(self) -> str:
        """The place in messages: ``adata.layers['counts']``."""
        return f"adata.{_slot(self.adata, self.place)}"

    @property
    def recorded(self) -> str | None:
        """The place as a parameter of a record; None for ``X``."""
        return None if self.place == _X else self.place


def counts_of(
    adata: AnnData,
    layer: str | None = None,
    *,
    default: str = _X,
    option: str = "layer",
    every_gene: bool = False,
) -> Counts:
    """Return the raw counts of an AnnData, and record where they are.

    Parameters
    ----------
    adata
        Samples x genes.
    layer
        The name of a layer, ``"raw"`` (``adata.raw``, unless a layer has this name) or ``"X"``;
        by default where an earlier verb found them, otherwise at ``default``.
    default
        The place if nothing else is known; ``X`` if that is missing too.
    option
        The argument that passes it, for messages.
    every_gene
        Of ``raw``, return all its genes instead of those that ``adata`` has.

    Raises
    ------
    DataError
        The layer is missing, or ``raw`` lacks genes.
    """
    earlier = _recorded(adata)
    layers = slots.items(adata, "layers")
    if default not in layers and not (default == _RAW and adata.raw is not None):
        default = _X
    place = str(next(one for one in (layer, earlier, default) if one is not None))
    var = adata.var
    if every_gene and place == _RAW and place not in layers and adata.raw is not None:
        values, var = lazily(adata.raw.X), adata.raw.var
    else:
        values = counts_at(adata, place)
    if values is None and place != _X:
        raise _no_such_place(adata, place, layer, option)
    if layer is not None:
        remember(adata, place)
    return Counts(adata, values, place, var, option)


def counts_place(adata: AnnData) -> str:
    """Return where an earlier verb found the counts; ``"X"`` if that is not recorded."""
    return _recorded(adata) or _X


def remember(adata: AnnData, place: str) -> None:
    """Record where the counts are, for later verbs."""
    if place == _X:
        slots.record(adata).pop(_RECORDED, None)
    else:
        slots.record(adata)[_RECORDED] = place


def _recorded(adata: AnnData) -> str | None:
    """Return what is recorded, without making a record for it."""
    place = adata.uns.get(schema.UNS, {}).get(_RECORDED)
    return None if place is None else str(place)


def _no_such_place(adata: AnnData, place: str, layer: str | None, option: str) -> DataError:
    known = [_X, *([_RAW] if adata.raw is not None else []), *slots.items(adata, "layers")]
    said = (
        f"adata has no layer {place!r}"
        if layer is not None
        else f"adata no longer has the layer {place!r}, from which an earlier verb read counts"
    )
    return DataError(f"{said} to read counts from; there are {known}: pass {option}= one of these")


def check_counts(counts: Counts) -> float:
    """Return the largest of raw counts, or raise if something is wrong with them.

    Raises
    ------
    DataError
        If a value is missing, infinite, negative or fractional, or a sample has no
        counts at all; the message names gene, sample and value, and where the counts
        probably are.
    """
    values, where = counts.values, counts.where
    if values is None:
        raise DataError(f"{where} is empty: {_elsewhere(counts) or 'put the raw counts there'}")
    if 0 in values.shape:
        raise DataError(
            f"{where} has {values.shape[0]} samples and {values.shape[1]} genes: both must be 1 or "
            "more"
        )
    totals = np.zeros(values.shape[0])
    largest = 0.0
    for rows, block in blocks(values):
        _check_block(counts, rows.start, block)
        totals[rows] = block.sum(axis=1, dtype=np.float64)
        largest = max(largest, float(block.max()))
    if (totals == 0).any():
        empty = list(counts.adata.obs_names[totals == 0])
        raise DataError(
            f"{len(empty)} sample(s) have no counts at all: {empty[:5]}: drop them, "
            f"adata = adata[{where}.sum(axis=1) > 0].copy()"
        )
    return largest


def _check_block(counts: Counts, start: int, block: np.ndarray) -> None:
    if block.dtype.kind not in "uifb":
        raise DataError(
            f"{counts.where} holds values of type {block.dtype}: "
            f"{_elsewhere(counts) or 'counts are numbers'}"
        )
    if block.dtype.kind == "f":
        finite = np.isfinite(block)
        if not finite.all():
            remedy = _elsewhere(counts) or "drop it, or put it right"
            _name(counts, start, block, ~finite, "is missing or infinite", remedy)
        whole = block == np.rint(block)
        if not whole.all():
            _name(counts, start, block, ~whole, "is not an integer", _remedy(counts))
    if block.min() < 0:
        _name(counts, start, block, block < 0, "is negative", _remedy(counts))


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


def named_place(adata: AnnData, name: str) -> str:
    """Return a layer, ``"raw"`` or ``"X"`` as a place named as in :func:`where_counts`."""
    if name in slots.items(adata, "layers"):
        return f"layers/{name}"
    if name != _X and not (name == _RAW and adata.raw is not None):
        raise _no_such_place(adata, name, name, "layer")
    return name


def matrix_at(adata: AnnData, place: str) -> Any:
    """Return the matrix at a place named as in :func:`where_counts`, or None."""
    if place == "raw":
        return None if adata.raw is None else adata.raw.X
    return adata.X if place == "X" else adata.layers.get(place.removeprefix("layers/"))


#: The layer that usually holds counts, and those that this package derives from them.
_COUNTS = "counts"
_DERIVED = (schema.layers.tmm, schema.layers.log2, schema.layers.tpm, schema.layers.shap)


def _elsewhere(counts: Counts) -> str:
    """Return how to read the counts from where they probably are, empty if that is not known."""
    place = where_counts(counts.adata)
    name = place.removeprefix("layers/")
    if name == counts.place or not _is_counts(matrix_at(counts.adata, place)):
        return ""
    return f"adata.{_slot(counts.adata, name)} holds counts: pass {counts.option}={name!r}"


def _remedy(counts: Counts) -> str:
    """Return what to do if the values are not counts, which may be in another place."""
    return _elsewhere(counts) or (
        "use raw counts; estimated counts (RSEM, salmon, tximport) must be rounded first, into a "
        "layer of their own, adata.layers['counts'] = np.rint(values), which "
        "read_counts(values='estimated') does; put values that are log-transformed already into "
        "adata.layers['log2'] and skip filter_genes, tmm and log2"
    )


def _slot(adata: AnnData, place: str) -> str:
    return f"layers[{place!r}]" if place in slots.items(adata, "layers") else place


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
    counts: Counts, start: int, block: np.ndarray, bad: np.ndarray, problem: str, remedy: str
) -> NoReturn:
    row, column = map(int, np.argwhere(bad)[0])
    value: Any = block[row, column]
    raise DataError(
        f"the count {value} of gene {counts.var.index[column]!r} in sample "
        f"{counts.adata.obs_names[start + row]!r} ({counts.where}) {problem}: {remedy}"
    )
