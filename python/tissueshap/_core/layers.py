"""Layers, which are stored or, of an atlas on disk, computed when their rows are read.

``pp.tmm`` and ``pp.log2`` do not store their layer if the counts are on disk and the layer would
not fit into memory. Their records then say under ``computed`` from which slots it is computed,
and :func:`find` returns it like any other, as :class:`~tissueshap._core.lazy.Lazy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import lazy, schema
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

#: Names of places that are not layers.
X, RAW = "X", "raw"


def find(adata: AnnData, name: str | None) -> Any | None:
    """Return a layer, or None if it is neither stored nor can be computed.

    ``"X"`` is the matrix ``X``, unless a layer has this name.
    """
    if name in adata.layers:
        return lazy.lazily(adata.layers[name])
    for entry in adata.uns.get(schema.UNS, {}).values():
        if isinstance(entry, Mapping) and name in (sources := entry.get("computed", {})).values():
            return _computed(adata, entry, sources)
    return lazy.lazily(adata.X) if name == X else None


def place_of(adata: AnnData, name: str) -> str:
    """Return what a layer is called in messages."""
    return "adata.X" if name == X and X not in adata.layers else f"adata.layers[{name!r}]"


def has(adata: AnnData, name: str) -> bool:
    """Return whether there is a layer, stored or computed."""
    return find(adata, name) is not None


def counts_at(adata: AnnData, place: str) -> Any | None:
    """Return the matrix at a place: the name of a layer, ``"raw"`` or ``"X"``; None if missing.

    Of ``raw`` it has the genes of the AnnData, in its order.

    Raises
    ------
    DataError
        ``raw`` lacks genes.
    """
    if place in adata.layers:
        return lazy.lazily(adata.layers[place])
    if place == RAW and adata.raw is not None:
        return lazy.lazily(_raw_of(adata))
    return lazy.lazily(adata.X) if place == X else None


def has_matrices_on_disk(adata: AnnData) -> bool:
    """Return whether any matrix of an AnnData is read when it is needed."""
    return any(map(lazy.on_disk, (adata.X, *adata.layers.values())))


def _computed(adata: AnnData, entry: Mapping[str, Any], sources: Mapping[str, str]) -> Any | None:
    """Return the layer of a ``pp.tmm`` or a ``pp.log2``."""
    params = entry["params"]
    if schema.layers.log2 in sources:
        linear = find(adata, str(params["layer"]))
        how = {key: float(params[key]) for key in ("offset", "shift")}
        return None if linear is None else lazy.LogValues(linear, **how)
    # Where the counts are is not recorded if they are in X.
    counts = counts_at(adata, str(params.get("layer", X)))
    size, factor = (
        np.asarray(adata.obs[sources[key]], dtype=np.float64)
        for key in (schema.obs.lib_size, schema.obs.norm_factor)
    )
    return None if counts is None else lazy.PerMillion(counts, size * factor)


def _raw_of(adata: AnnData) -> Any:
    """Return ``raw`` of the genes of an AnnData, in its order."""
    names = adata.raw.var_names
    if names.equals(adata.var_names):
        return adata.raw.X
    places = names.get_indexer(adata.var_names)
    missing = list(map(str, adata.var_names[places < 0][:5]))
    if missing:
        raise DataError(
            f"adata.raw lacks {int((places < 0).sum())} genes of adata: {missing}: "
            "drop them from adata, or keep their counts in a layer"
        )
    return lazy.of_columns(adata.raw.X, places)
