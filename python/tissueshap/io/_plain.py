"""Columns converted to types that anndata can write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from anndata import AnnData


def make_plain(adata: AnnData) -> None:
    """Convert ``obs``, ``var``, ``obsm`` and ``varm`` in place to types that a file can hold.

    anndata cannot write Arrow's types or ``Float64``, nor, before version 0.13, pandas'
    ``string``.
    """
    for group in ("obs", "var"):
        _replace_columns(getattr(adata, group))
        names = getattr(adata, f"{group}_names")
        if not _is_plain(names.dtype):
            setattr(adata, f"{group}_names", pd.Index(list(map(str, names)), dtype=object))
        for frame in getattr(adata, f"{group}m").values():
            if isinstance(frame, pd.DataFrame):
                _replace_columns(frame)


def _plain(column: pd.Series) -> Any:
    """Return the values of a column in a type that anndata can write."""
    dtype = column.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return column.astype("boolean").array
    if pd.api.types.is_integer_dtype(dtype):
        return column.astype("Int64").array
    if pd.api.types.is_float_dtype(dtype):
        return column.to_numpy(float, na_value=float("nan"))
    return _strings(column)


def _strings(column: pd.Series) -> Any:
    """Return strings as objects, or as categories if some are missing."""
    if column.isna().any():
        return pd.Categorical(column.astype(object).where(column.notna(), None))
    return column.astype(str).to_numpy(object)


def _replace_columns(frame: pd.DataFrame) -> None:
    for name in frame.columns:
        if not _is_plain(frame[name].dtype):
            frame[name] = _plain(frame[name])


def _is_plain(dtype: Any) -> bool:
    """Return whether anndata can write a type; pandas 3's ``str`` is safe where pandas 3 is."""
    string = isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA
    return not (string or isinstance(dtype, pd.ArrowDtype | pd.Float32Dtype | pd.Float64Dtype))
