"""What the R half needs on Python's side: matrices turned round, tables made plain.

R reaches Python through reticulate, and this is the module it talks to. An R matrix of
genes x samples arrives as an array in Fortran order over R's own memory; its transpose
is the samples x genes array in C order that AnnData wants, without a copy. The other way
round the transpose of AnnData's matrix is what reticulate copies into R in one piece.
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

from tissueshap import _slots
from tissueshap._dense import dense
from tissueshap._errors import DataError
from tissueshap._logging import logger

_INT32 = np.iinfo(np.int32)


def call(verb: str, positional: Sequence[Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of the package and keep what it warned of, for R to show.

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
    """Send the package's messages to an R function, in place of an earlier one."""
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

    Integers of 32 bits stay integers, and half the size; all else becomes float64.
    """
    values = adata.X if layer is None else adata.layers[layer]
    if values is None:
        raise DataError("adata.X is empty: put the raw counts there, samples x genes")
    turned = dense(values[:] if adata.isbacked else values).T
    if turned.dtype.kind in "iub" and _fits(turned):
        return np.asfortranarray(turned, dtype=np.int32)
    return np.asfortranarray(turned, dtype=np.float64)


def write(
    adata: AnnData,
    verb: str,
    found: Mapping[str, Any],
    params: Mapping[str, Any],
    versions: Mapping[str, str],
    key_added: str | None = None,
) -> None:
    """Write what an R verb found.

    Parameters
    ----------
    adata
        Where to write, samples x genes.
    verb
        Name of the verb, without its namespace.
    found
        Values by slot as :func:`tissueshap._slots.write` takes them, but a layer is
        genes x samples, and a frame of ``varm`` or ``obsm`` is a pair of ``values``
        (genes x classes) and ``columns``.
    params, versions, key_added
        As for :func:`tissueshap._slots.write`.
    """
    turned: dict[str, Any] = {
        "layers": {key: np.asarray(value).T for key, value in found.get("layers", {}).items()},
        "uns": {key: _plain(value) for key, value in found.get("uns", {}).items()},
    }
    for group in ("obs", "var"):
        turned[group] = {key: _column(value) for key, value in found.get(group, {}).items()}
    for group in ("obsm", "varm"):
        turned[group] = {key: _frame(value) for key, value in found.get(group, {}).items()}
    _slots.write(
        adata,
        verb,
        {group: values for group, values in turned.items() if values},
        params=params,
        versions=versions,
        key_added=key_added,
    )


def assemble(
    counts: np.ndarray,
    obs: pd.DataFrame,
    var: pd.DataFrame,
    names: Mapping[str, Sequence[str]],
    slots: Mapping[str, Any],
) -> AnnData:
    """Return an AnnData made of the parts of a SummarizedExperiment.

    Parameters
    ----------
    counts
        Genes x samples.
    obs, var
        Columns of the samples and of the genes.
    names
        ``obs`` and ``var``: names of the samples and of the genes.
    slots
        ``layers``, ``obsm``, ``varm`` as :func:`write` takes them, and ``uns``.
    """
    adata = AnnData(
        np.ascontiguousarray(counts.T),
        obs=_plain(obs).set_axis(_column(names["obs"]), axis=0),
        var=_plain(var).set_axis(_column(names["var"]), axis=0),
    )
    for key, value in slots["layers"].items():
        adata.layers[key] = np.ascontiguousarray(np.asarray(value).T)
    for group, index in (("obsm", adata.obs_names), ("varm", adata.var_names)):
        for key, value in slots[group].items():
            made = _frame(value)
            framed = isinstance(made, pd.DataFrame)
            getattr(adata, group)[key] = made.set_axis(index, axis=0) if framed else made
    adata.uns.update({key: _plain(value) for key, value in slots["uns"].items()})
    return adata


def parts(adata: AnnData) -> dict[str, Any]:
    """Return the parts of an AnnData, matrices as genes x samples, for R."""
    return {
        "counts": matrix(adata),
        "layers": {key: matrix(adata, key) for key in adata.layers},
        "obs": adata.obs.reset_index(drop=True),
        "var": adata.var.reset_index(drop=True),
        "obsm": {key: _pair(value) for key, value in adata.obsm.items()},
        "varm": {key: _pair(value) for key, value in adata.varm.items()},
        "uns": dict(adata.uns),
        "obs_names": index(adata, "obs"),
        "var_names": index(adata, "var"),
    }


def column(adata: AnnData, group: str, key: str) -> Any:
    """Return a column of ``obs`` or ``var`` as R takes it, or None if there is none."""
    held = getattr(adata, group)
    if key not in held:
        return None
    values = held[key]
    if values.dtype.kind in "biuf":
        return values.to_numpy()
    return [None if pd.isna(item) else str(item) for item in values]


def record(adata: AnnData, verb: str) -> Any:
    """Return what a verb recorded, or None."""
    return _slots.record(adata).get(verb)


def frame(adata: AnnData, group: str, key: str) -> dict[str, Any] | None:
    """Return ``values`` and ``columns`` of a frame, or None if there is none."""
    held = getattr(adata, group)
    return _pair(held[key]) if key in held else None


def pick_genes(adata: AnnData, at: Sequence[int]) -> AnnData:
    """Return a view of the genes at some positions."""
    return adata[:, list(at)]


def keys(adata: AnnData, group: str) -> list[str]:
    """Return the keys of ``layers``, ``obsm`` or ``varm``."""
    return list(map(str, getattr(adata, group)))


def index(adata: AnnData, group: str) -> list[str]:
    """Return the names of the samples (``"obs"``) or genes (``"var"``)."""
    return list(map(str, getattr(adata, f"{group}_names")))


def _fits(values: np.ndarray) -> bool:
    if values.dtype.kind == "b" or values.dtype.itemsize < 4 or values.size == 0:
        return True
    return bool(values.max() <= _INT32.max and values.min() > _INT32.min)


def _column(value: Any) -> Any:
    """Return a vector of R, which is a scalar in Python where it has one value."""
    return value if isinstance(value, pd.Categorical) else np.atleast_1d(np.asarray(value))


def _frame(value: Mapping[str, Any]) -> Any:
    values = np.atleast_2d(np.asarray(value["values"]))
    columns = value.get("columns")
    return values if columns is None else pd.DataFrame(values, columns=_column(columns))


def _pair(value: Any) -> dict[str, Any]:
    if isinstance(value, pd.DataFrame):
        return {
            "values": value.to_numpy(dtype=np.float64),
            "columns": list(map(str, value.columns)),
        }
    return {"values": np.asarray(value, dtype=np.float64), "columns": None}


def _plain(value: Any) -> Any:
    """Return a value of R without R's row names and without its missing strings."""
    if isinstance(value, pd.DataFrame):
        return value.reset_index(drop=True)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value
