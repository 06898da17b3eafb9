"""The genes that verbs use: all, or those that ``pp.filter_genes`` marks.

The mark is ``var["filter_pass"]``, as scanpy's is ``var["highly_variable"]``. A function under
:func:`reading` or :func:`writing` sees an AnnData of the marked genes alone, so that its results
are those that it has after the others are dropped, whatever the function does. Results per gene
are NaN (False in a column of truth values) for the other genes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.layer_store import keep_in_file
from tissueshap._core.layers import has_matrices_on_disk
from tissueshap._core.lazy import Columns
from tissueshap._core.part import Part
from tissueshap._core.provenance import genes_in_use

#: Names of the genes that the running function does not see, of each of its AnnData.
_hidden: ContextVar[tuple[pd.Index, ...]] = ContextVar("hidden", default=())


def reading(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose AnnData have the genes in use alone."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        with _hiding(*args, *kwargs.values()):
            return function(*map(_narrowed, args), **_all_narrowed(kwargs))

    return run


def writing(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return a verb that reads the genes in use alone, and writes to the AnnData of all."""

    @wraps(verb)
    def run(adata: Any, *args: Any, **kwargs: Any) -> Any:
        with _hiding(adata, *args, *kwargs.values()):
            args, kwargs = tuple(map(_narrowed, args)), _all_narrowed(kwargs)
            mask = genes_in_use(adata) if isinstance(adata, AnnData) else None
            if mask is None:
                return verb(adata, *args, **kwargs)
            return _on_part(verb, adata, mask, args, kwargs)

    return run


def _on_part(
    verb: Callable[..., Any], adata: AnnData, mask: np.ndarray, args: Any, kwargs: dict[str, Any]
) -> Any:
    copied = bool(kwargs.get("copy"))
    if copied:
        kwargs["copy"] = False
    adata = target(adata, copy=copied)
    part = _of_genes(adata, mask, own=True)
    before = dict(slots.record(part))
    try:
        result = verb(part, *args, **kwargs)
    finally:  # a verb that is interrupted has written what it has done
        _put_back(part, before, adata, mask)
    return adata if copied else result


def not_marked(genes: Iterable[str]) -> list[str]:
    """Return those genes that are in an AnnData of the running function, but not marked.

    They are missing from what the function sees.
    """
    hidden = _hidden.get()
    return [gene for gene in genes if any(gene in names for names in hidden)]


def wrap(names: Iterable[str], namespace: dict[str, Any], wrapper: Callable[..., Any]) -> None:
    """Replace functions of a namespace: the modules keep theirs, for use within a verb."""
    for name in names:
        namespace[name] = wrapper(namespace[name])


@contextmanager
def _hiding(*values: Any) -> Iterator[None]:
    """Remember, while a function runs, which genes of its AnnData it does not see."""
    data = [value for value in values if isinstance(value, AnnData)]
    masks = [(each.var_names.astype(str), genes_in_use(each)) for each in data]
    hidden = tuple(names[~mask] for names, mask in masks if mask is not None)
    if not hidden:  # perhaps called by a function that hides some
        yield
        return
    token = _hidden.set(hidden)
    try:
        yield
    finally:
        _hidden.reset(token)


def _narrowed(value: Any) -> Any:
    mask = genes_in_use(value) if isinstance(value, AnnData) else None
    return value if mask is None else _of_genes(value, mask)


def _of_genes(adata: AnnData, mask: np.ndarray, *, own: bool = False) -> AnnData:
    """Return some genes of an AnnData, whose matrices stay on disk if they are there."""
    if has_matrices_on_disk(adata):
        return Part(adata, mask)
    return adata[:, mask].copy() if own else adata[:, mask]


def _all_narrowed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: _narrowed(value) for key, value in values.items()}


def _put_back(part: AnnData, before: dict[str, Any], adata: AnnData, mask: np.ndarray) -> None:
    """Write the records of a part that are new, and their slots, to the AnnData of all genes."""
    now, records = slots.record(part), slots.record(adata)
    written: list[tuple[str, str]] = []
    for name in before.keys() - now.keys():
        records.pop(name)
    for name, entry in now.items():
        is_new = entry is not before.get(name)
        records[name] = entry
        for slot in slots.listed(entry) if isinstance(entry, dict) else ():
            group, _, key = slot.partition("/")
            held = slots.held_in(part, group)
            # A record of scanpy's form is also filled in by tl.de.
            if key in held and (is_new or group == "scanpy"):
                slots.held_in(adata, group)[key] = _spread(held[key], group, adata, mask)
                written.append((group, key))
    if isinstance(part, Part) and any(group == "layers" for group, _ in written):
        # The layer is in the file already, if that can be written to.
        keep_in_file(adata, varm=tuple(key for group, key in written if group == "varm"))


def _spread(value: Any, group: str, adata: AnnData, mask: np.ndarray) -> Any:
    """Return a slot's value for all genes."""
    if group == "layers" and isinstance(value, Columns):
        return value.whole  # it is stored for all genes
    if group == "layers":
        full = np.full(adata.shape, np.nan, dtype=np.float32)
        full[:, mask] = dense(value)
        return full
    if group == "varm" and not isinstance(value, pd.DataFrame):
        rows = np.full((adata.n_vars, *np.shape(value)[1:]), np.nan, dtype=np.float32)
        rows[mask] = value
        return rows
    if group == "varm":
        return pd.DataFrame({key: _column(value[key], adata) for key in value})
    return _column(value, adata) if group == "var" else value


def _column(values: pd.Series, adata: AnnData) -> pd.Series:
    if values.dtype == bool:
        return values.reindex(adata.var_names, fill_value=False)
    return values.reindex(adata.var_names)
