"""Columns in types that anndata can write, whatever pandas holds them in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from anndata import AnnData


def make_plain(adata: AnnData) -> None:
    """Give ``obs``, ``var`` and the frames beside them types that a file can hold, in place.

    anndata writes no type of Arrow's and no ``Float64``, and before version 0.13 not pandas'
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
    return _texts(column)


def _texts(column: pd.Series) -> Any:
    """Return texts as objects; where some are missing, as categories."""
    if column.isna().any():
        return pd.Categorical(column.astype(object).where(column.notna(), None))
    return column.astype(str).to_numpy(object)


def _replace_columns(frame: pd.DataFrame) -> None:
    for name in frame.columns:
        if not _is_plain(frame[name].dtype):
            frame[name] = _plain(frame[name])


def _is_plain(dtype: Any) -> bool:
    """Tell what anndata can write; the ``str`` of pandas 3 it can where it knows pandas 3."""
    string = isinstance(dtype, pd.StringDtype) and dtype.na_value is pd.NA
    return not (string or isinstance(dtype, pd.ArrowDtype | pd.Float32Dtype | pd.Float64Dtype))
