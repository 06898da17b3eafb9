"""Values converted to types that an AnnData and its files can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.lazy import Lazy
from tissueshap._version import __version__

if TYPE_CHECKING:
    from anndata import AnnData


def as_stored(group: str, key: str, value: Any, adata: AnnData) -> Any:
    if group == "scanpy":
        return value
    dtype = schema.load().get(group, {}).get(key, {}).get("dtype")
    if group in ("obsm", "varm"):
        index = adata.obs_names if group == "obsm" else adata.var_names
        if isinstance(value, pd.DataFrame):
            frame = value.rename(columns=lambda name: schema.column(str(name)))
            return frame.set_axis(index, axis=0)
        return np.asarray(value, dtype=np.float32)
    if group == "layers":
        is_read_later = isinstance(value, Lazy)
        return value if is_read_later else np.ascontiguousarray(value, dtype=dtype or np.float32)
    column = pd.Series(value).to_numpy() if not isinstance(value, pd.Categorical) else value
    if dtype == "category":
        return pd.Categorical(column)
    return column if dtype in (None, "str") else np.asarray(column).astype(dtype)


def storable(value: Any) -> Any:
    """Return a value in types that .h5ad can hold: no None, tuples or paths."""
    if isinstance(value, Mapping):
        return {str(k): storable(v) for k, v in value.items() if v is not None}
    if isinstance(value, pd.DataFrame):
        return value.reset_index(drop=True) if value.index.name is None else value
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else list(value)
        return np.asarray([storable(item) for item in items]) if items else np.empty(0)
    if isinstance(value, np.ndarray | np.generic | bool | int | float):
        return value
    # The name of a file may have bytes that are not text.
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def versions_of(packages: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    if isinstance(packages, Mapping):
        return {str(name): str(number) for name, number in packages.items()}
    return {name: _version(name) for name in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # The R package contains this package's source, which pip does not know.
        return __version__ if package == "tissueshap" else "not installed"
