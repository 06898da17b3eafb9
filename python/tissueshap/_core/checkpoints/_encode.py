"""Values as JSON and a list of arrays, and back, to the last bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

#: The key that marks what is not plain JSON.
_TYPE = "type"


def encode(value: Any, arrays: list[np.ndarray]) -> Any:
    """Return a value as JSON; its arrays are appended to ``arrays``, and named by their place.

    Raises
    ------
    TypeError
        A value is of a type that cannot be kept.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    for kind, name, encoded in _ENCODERS:
        if isinstance(value, kind):
            return {_TYPE: name, **encoded(value, arrays)}
    if type(value) is list:
        return [encode(item, arrays) for item in value]
    raise TypeError(f"a {type(value).__name__} cannot be kept in a checkpoint")


def decode(value: Any, arrays: list[np.ndarray]) -> Any:
    """Return the value that :func:`encode` has encoded."""
    if isinstance(value, list):
        return [decode(item, arrays) for item in value]
    if isinstance(value, dict):
        return _DECODERS[value[_TYPE]](value, arrays)
    return value


def _array(value: np.ndarray, arrays: list[np.ndarray]) -> dict[str, Any]:
    if value.dtype.names is not None:  # scanpy's tables of genes are such arrays
        dtypes = [[name, value.dtype[name].str] for name in value.dtype.names]
        parts = [encode(np.asarray(value[name]), arrays) for name in value.dtype.names]
        return {"dtypes": dtypes, "parts": parts, "recarray": isinstance(value, np.recarray)}
    if value.dtype.hasobject:
        items = [encode(item, arrays) for item in value.ravel().tolist()]
        return {"shape": list(value.shape), "items": items}
    arrays.append(value)
    return {"at": len(arrays) - 1}


def _to_array(value: Mapping[str, Any], arrays: list[np.ndarray]) -> np.ndarray:
    if "at" in value:
        return arrays[int(value["at"])]
    if "dtypes" in value:
        parts = [decode(part, arrays) for part in value["parts"]]
        dtypes = [(name, dtype) for name, dtype in value["dtypes"]]
        table = np.rec.fromarrays(parts, dtype=np.dtype(dtypes))
        return table if value["recarray"] else table.view(np.ndarray)
    array = np.empty(int(np.prod(value["shape"])), dtype=object)
    array[:] = [decode(item, arrays) for item in value["items"]]
    return np.reshape(array, value["shape"])


def _index(value: pd.Index, arrays: list[np.ndarray]) -> dict[str, Any]:
    if isinstance(value, pd.MultiIndex):
        raise TypeError("an index of several levels cannot be kept in a checkpoint")
    name = encode(value.name, arrays)
    if isinstance(value, pd.RangeIndex):
        return {"range": [value.start, value.stop, value.step], "name": name}
    return {"values": encode(_plain(value), arrays), "name": name}


def _to_index(value: Mapping[str, Any], arrays: list[np.ndarray]) -> pd.Index:
    name = decode(value["name"], arrays)
    if "range" in value:
        start, stop, step = value["range"]
        return pd.RangeIndex(start, stop, step, name=name)
    values = decode(value["values"], arrays)
    # Without the type, pandas would look for a better one than object.
    index: pd.Index = pd.Index(values, name=name, dtype=values.dtype)
    return index


def _frame(value: pd.DataFrame, arrays: list[np.ndarray]) -> dict[str, Any]:
    described = {"columns": encode(value.columns, arrays), "index": encode(value.index, arrays)}
    dtypes = set(value.dtypes)
    if len(dtypes) == 1 and isinstance(dtypes.pop(), np.dtype):
        # As one matrix, whose order in memory decides in which order its values are added.
        return described | {"matrix": encode(value.to_numpy(), arrays)}
    columns = (value.iloc[:, place] for place in range(value.shape[1]))
    return described | {"values": [encode(_plain(column), arrays) for column in columns]}


def _to_frame(value: Mapping[str, Any], arrays: list[np.ndarray]) -> pd.DataFrame:
    columns, index = (decode(value[name], arrays) for name in ("columns", "index"))
    if "matrix" in value:
        matrix = decode(value["matrix"], arrays)
        return pd.DataFrame(matrix, index=index, columns=columns, copy=False, dtype=matrix.dtype)
    parts = [decode(part, arrays) for part in value["values"]]
    series = {
        place: pd.Series(part, index=index, dtype=part.dtype, copy=False)
        for place, part in enumerate(parts)
    }
    return pd.DataFrame(series, index=index).set_axis(columns, axis=1)


def _plain(values: pd.Series | pd.Index) -> Any:
    """Return the values of a column or an index: numpy's if they are, otherwise pandas' own."""
    return values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array


def _categorical(value: pd.Categorical, arrays: list[np.ndarray]) -> dict[str, Any]:
    return {
        "codes": encode(np.asarray(value.codes), arrays),
        "categories": encode(value.categories, arrays),
        "ordered": bool(value.ordered),
    }


def _to_categorical(value: Mapping[str, Any], arrays: list[np.ndarray]) -> pd.Categorical:
    codes, categories = (decode(value[name], arrays) for name in ("codes", "categories"))
    return pd.Categorical.from_codes(codes, categories=categories, ordered=value["ordered"])


def _extension(value: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    dtype = value.dtype
    items = [None if missing else one for one, missing in zip(value, value.isna(), strict=True)]
    described: dict[str, Any] = {"items": [encode(item, arrays) for item in items]}
    if isinstance(dtype, pd.StringDtype):
        return described | {"string": [dtype.storage, dtype.na_value is pd.NA]}
    return described | {"dtype": str(dtype)}


def _to_extension(value: Mapping[str, Any], arrays: list[np.ndarray]) -> Any:
    items = [decode(item, arrays) for item in value["items"]]
    if "string" not in value:
        return pd.array(items, dtype=value["dtype"])
    storage, by_na = value["string"]
    dtype = pd.StringDtype(storage) if by_na else pd.StringDtype(storage, na_value=np.nan)
    return pd.array(items, dtype=dtype)


def _sparse(value: Any, arrays: list[np.ndarray]) -> dict[str, Any]:
    if value.format not in ("csr", "csc"):
        raise TypeError(f"a sparse {value.format} matrix cannot be kept in a checkpoint")
    parts = [encode(part, arrays) for part in (value.data, value.indices, value.indptr)]
    form = f"{value.format}_{'array' if isinstance(value, sparse.sparray) else 'matrix'}"
    return {"form": form, "parts": parts, "shape": list(value.shape)}


def _to_sparse(value: Mapping[str, Any], arrays: list[np.ndarray]) -> Any:
    parts = tuple(decode(part, arrays) for part in value["parts"])
    return _FORMS[value["form"]](parts, shape=tuple(value["shape"]))


_FORMS = {
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_matrix": sparse.csc_matrix,
}


def _pairs(value: Mapping[Any, Any], arrays: list[np.ndarray]) -> dict[str, Any]:
    return {"items": [[encode(key, arrays), encode(item, arrays)] for key, item in value.items()]}


def _to_dict(value: Mapping[str, Any], arrays: list[np.ndarray]) -> dict[Any, Any]:
    return {decode(key, arrays): decode(item, arrays) for key, item in value["items"]}


def _tuple(value: tuple[Any, ...], arrays: list[np.ndarray]) -> dict[str, Any]:
    return {"items": [encode(item, arrays) for item in value]}


def _to_tuple(value: Mapping[str, Any], arrays: list[np.ndarray]) -> tuple[Any, ...]:
    return tuple(decode(item, arrays) for item in value["items"])


def _scalar(value: np.generic, arrays: list[np.ndarray]) -> dict[str, Any]:
    return _array(np.asarray(value), arrays)


def _to_scalar(value: Mapping[str, Any], arrays: list[np.ndarray]) -> Any:
    return _to_array(value, arrays)[()]


def _series(value: pd.Series, arrays: list[np.ndarray]) -> dict[str, Any]:
    return {
        "index": encode(value.index, arrays),
        "name": encode(value.name, arrays),
        "values": encode(_plain(value), arrays),
    }


def _to_series(value: Mapping[str, Any], arrays: list[np.ndarray]) -> pd.Series:
    values = decode(value["values"], arrays)
    index, name = (decode(value[part], arrays) for part in ("index", "name"))
    series: pd.Series = pd.Series(values, index=index, name=name, dtype=values.dtype)
    return series


_Encoder = Callable[[Any, list[np.ndarray]], dict[str, Any]]
_ENCODERS: tuple[tuple[Any, str, _Encoder], ...] = (
    (np.ndarray, "array", _array),
    (np.generic, "scalar", _scalar),
    (pd.DataFrame, "frame", _frame),
    (pd.Series, "series", _series),
    (pd.Index, "index", _index),
    (pd.Categorical, "categorical", _categorical),
    (pd.api.extensions.ExtensionArray, "extension", _extension),
    (sparse.spmatrix | sparse.sparray, "sparse", _sparse),
    (Mapping, "dict", _pairs),
    (tuple, "tuple", _tuple),
)
_DECODERS: dict[str, Callable[[Mapping[str, Any], list[np.ndarray]], Any]] = {
    "array": _to_array,
    "scalar": _to_scalar,
    "frame": _to_frame,
    "series": _to_series,
    "index": _to_index,
    "categorical": _to_categorical,
    "extension": _to_extension,
    "sparse": _to_sparse,
    "dict": _to_dict,
    "tuple": _to_tuple,
}
