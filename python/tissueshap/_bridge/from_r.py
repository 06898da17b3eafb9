"""The Python interface of the R package: transposed matrices, plain tables.

R calls this module through reticulate. An R matrix of genes x samples arrives as an array
in Fortran order in R's own memory; its transpose is the samples x genes array in C order
that AnnData needs, without a copy. In the other direction, reticulate copies the transpose
of AnnData's matrix to R in one step.
"""

from __future__ import annotations

import importlib
import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from scipy import sparse

from tissueshap._bridge.elements import decode, encode, for_r
from tissueshap._core import slots
from tissueshap._core.counts import counts_of
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger


def call(verb: str, positional: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of the package and return its warnings too, for R to show.

    Parameters
    ----------
    verb
        Its name below the package: ``"tl.shap"``.
    positional, arguments
        Its arguments.

    Returns
    -------
    ``value``, and ``warnings``, a list of messages.
    """
    module, _, name = f"tissueshap.{verb}".rpartition(".")
    with warnings.catch_warnings(record=True) as caught:
        value = getattr(importlib.import_module(module), name)(*positional, **arguments)
    return {"value": value, "warnings": [str(item.message) for item in caught]}


def relay(show: Callable[[str], Any]) -> None:
    """Send the package's messages to an R function, which replaces an earlier one."""
    for handler in [item for item in logger.handlers if isinstance(item, _Relay)]:
        logger.removeHandler(handler)
    logger.addHandler(_Relay(show))
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


class _Relay(logging.Handler):
    def __init__(self, show: Callable[[str], Any]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        self._show(self.format(record))


def matrix(adata: AnnData, layer: str | None = None) -> np.ndarray:
    """Return ``X`` or a layer as genes x samples in Fortran order, for R.

    Integers of 32 bits stay integers, with half the size; all other types become float64.
    """
    values = adata.X if layer is None else adata.layers[layer]
    if values is None:
        raise DataError("adata.X is empty: put the raw counts there, samples x genes")
    return _turned(values, adata)


def counts(adata: AnnData) -> np.ndarray:
    """Return the raw counts, from where an earlier verb found them, as :func:`matrix` does."""
    found = counts_of(adata, option="assay")
    if found.values is None:
        raise DataError(f"{found.where} is empty: put the raw counts there, samples x genes")
    return _turned(found.values, adata)


def _turned(values: Any, adata: AnnData) -> np.ndarray:
    converted = for_r(dense(values[:] if adata.isbacked else values).T)
    is_bool = converted.dtype.kind == "b"
    return np.asfortranarray(converted.astype(np.int32) if is_bool else converted)


def write(
    adata: AnnData,
    verb: str,
    found: Mapping[str, Any],
    params: Mapping[str, Any],
    versions: Mapping[str, Any],
    key_added: str | None = None,
    reads: Sequence[str] = (),
) -> None:
    """Write the results of an R verb.

    Parameters
    ----------
    adata
        Where to write, samples x genes.
    verb
        Name of the verb, without its namespace.
    found
        An element (:mod:`tissueshap._bridge.elements`): values by slot as
        :func:`tissueshap._core.slots.write` takes them, but a layer is genes x samples.
    params, versions
        Elements of what :func:`tissueshap._core.slots.write` takes.
    key_added
        As for :func:`tissueshap._core.slots.write`.
    reads
        Records that the verb has read.
    """
    by_slot = decode(found)
    by_slot["layers"] = {key: _transposed(value) for key, value in by_slot["layers"].items()}
    slots.write(
        adata,
        verb,
        {group: values for group, values in by_slot.items() if values},
        params=decode(params),
        versions=decode(versions),
        sources=slots.current(adata, *reads),
        key_added=key_added,
    )


def assemble(element: Mapping[str, Any]) -> AnnData:
    """Return an AnnData made from the parts of an R object.

    Parameters
    ----------
    element
        Element of a dictionary with ``counts`` and ``layers`` (genes x samples, or sparse
        and samples x genes), the frames ``obs`` and ``var``, ``obsm``, ``varm``, ``uns``,
        and, if present, ``obsp`` and ``varp``.
    """
    parts_by_name = decode(element)
    adata = AnnData(
        _transposed(parts_by_name["counts"]), obs=parts_by_name["obs"], var=parts_by_name["var"]
    )
    for key, value in parts_by_name["layers"].items():
        adata.layers[key] = _transposed(value)
    for group in ("obsm", "varm", "obsp", "varp", "uns"):
        getattr(adata, group).update(parts_by_name.get(group, {}))
    return adata


def parts(adata: AnnData) -> dict[str, Any]:
    """Return the elements of an AnnData, dense matrices as genes x samples, for R."""
    if adata.X is None:
        raise DataError("adata.X is empty: put the raw counts there, samples x genes")
    return {
        "counts": _layer(adata.X),
        "layers": {key: _layer(value) for key, value in slots.items(adata, "layers").items()},
        "obs": _side(adata.obs),
        "var": _side(adata.var),
        "obsm": {key: encode(value) for key, value in adata.obsm.items()},
        "varm": {key: encode(value) for key, value in adata.varm.items()},
        "uns": {key: encode(value) for key, value in adata.uns.items()},
        "obs_names": index(adata, "obs"),
        "var_names": index(adata, "var"),
        "left_out": [
            name
            for name, there in (
                ("obsp", len(adata.obsp)),
                ("varp", len(adata.varp)),
                ("raw", adata.raw is not None),
            )
            if there
        ],
    }


def snapshot(adata: AnnData) -> dict[str, Any]:
    """Return the state before a verb, for :func:`changes`."""
    return {
        **{group: getattr(adata, group).copy() for group in ("obs", "var")},
        **{group: slots.items(adata, group) for group in ("layers", "obsm", "varm")},
        "record": dict(slots.record(adata)),
    }


def changes(adata: AnnData, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the elements that are new or have changed since a :func:`snapshot`."""
    changed: dict[str, Any] = {}
    for group in ("obs", "var"):
        now, then = getattr(adata, group), before[group]
        changed[group] = {
            str(key): encode(now[key])
            for key in now
            if key not in then or not now[key].equals(then[key])
        }
    for group, make in (("layers", _layer), ("obsm", encode), ("varm", encode)):
        changed[group] = _others(slots.items(adata, group), before[group], make)
    changed["record"] = _others(slots.record(adata), before["record"], encode)
    return changed


def _others(
    now: Mapping[str, Any], then: Mapping[str, Any], make: Callable[[Any], Any]
) -> dict[str, Any]:
    return {key: make(value) for key, value in now.items() if value is not then.get(key)}


def column(adata: AnnData, group: str, key: str) -> Any:
    """Return a column of ``obs`` or ``var`` for R, or None if it is missing."""
    frame_of_group = getattr(adata, group)
    return encode(frame_of_group[key]) if key in frame_of_group else None


def record(adata: AnnData, verb: str) -> Any:
    """Return the record of a verb, or None."""
    return encode(slots.record(adata).get(verb))


def record_names(adata: AnnData) -> list[str]:
    """Return the names of the verbs' records, and of the values next to them."""
    return list(map(str, slots.record(adata)))


def frame(adata: AnnData, group: str, key: str) -> dict[str, Any] | None:
    """Return a frame or an array of ``obsm`` or ``varm``, or None if it is missing."""
    values = getattr(adata, group)
    return encode(values[key]) if key in values else None


def pick_genes(adata: AnnData, at: Sequence[int]) -> AnnData:
    """Return a view of the genes at some positions."""
    return adata[:, list(at)]


def keep_samples(adata: AnnData, at: Sequence[int], label: str) -> None:
    """Keep, in place, the samples at some positions, and the classes that they have."""
    adata._inplace_subset_obs(np.asarray(list(at), dtype=int))
    if isinstance(adata.obs[label].dtype, pd.CategoricalDtype):
        adata.obs[label] = adata.obs[label].cat.remove_unused_categories()


def keys(adata: AnnData, group: str) -> list[str]:
    """Return the keys of ``layers``, ``obsm`` or ``varm``."""
    return list(slots.items(adata, group))


def index(adata: AnnData, group: str) -> list[str]:
    """Return the names of the samples (``"obs"``) or genes (``"var"``)."""
    return list(map(str, getattr(adata, f"{group}_names")))


def _transposed(value: Any) -> Any:
    """Return a matrix of genes x samples as AnnData holds it; a sparse one is so already."""
    return np.ascontiguousarray(value.T) if isinstance(value, np.ndarray) else value


def _layer(value: Any) -> Any:
    if sparse.issparse(value):
        return encode(value)
    return {"kind": "numbers", "values": np.asfortranarray(for_r(dense(value).T))}


def _side(frame: pd.DataFrame) -> Any:
    return encode(frame.reset_index(drop=True))
