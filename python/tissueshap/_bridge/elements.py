"""Values of Python as plain parts that the R package understands, and back.

An element is a dictionary with its ``kind`` and plain vectors. ``R/elements.R`` has the
same kinds and decides what a value of R becomes. R also writes them to .h5ad files, so
memory and files have the same content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

_INT32 = np.iinfo(np.int32)

Element = dict[str, Any]


@singledispatch
def encode(value: Any) -> Element | None:
    """Return a value as an element, or None if it has no content.

    Integers have 32 bits, or become float64 if these are not enough: R has no other types.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    known = isinstance(plain, bool | int | float)
    return {"kind": "scalar", "value": plain if known else str(plain)}


@encode.register(type(None))
def _(value: None) -> None:
    return None


@encode.register
def _(value: Mapping) -> Element:  # type: ignore[type-arg]
    items = {str(key): encode(item) for key, item in value.items()}
    return {"kind": "dict", "items": {key: item for key, item in items.items() if item is not None}}


@encode.register(pd.DataFrame)
def _encode_table(frame: pd.DataFrame) -> Element:
    counted = isinstance(frame.index, pd.RangeIndex)
    return {
        "kind": "table",
        "columns": {str(name): encode(column) for name, column in frame.items()},
        "index": None if counted else list(map(str, frame.index)),
        "n_rows": len(frame),
    }


@encode.register(pd.Series)
@encode.register(pd.Index)
@encode.register(pd.api.extensions.ExtensionArray)
def _(value: Any) -> Element:
    column = pd.Series(value)
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return {
            "kind": "factor",
            "codes": column.cat.codes.to_numpy(np.int32),
            "levels": list(map(str, dtype.categories)),
            "ordered": bool(dtype.ordered),
        }
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return {"kind": "numbers", "values": for_r(column.to_numpy())}
    # pandas' and Arrow's types that can have missing values are converted by their content.
    if pd.api.types.is_float_dtype(dtype):
        return {"kind": "numbers", "values": column.to_numpy(np.float64, na_value=np.nan)}
    return _encode_missing(column)


def _encode_missing(column: pd.Series) -> Element:
    """Return a column of Booleans, integers or strings that can have missing values."""
    missing = column.isna().to_numpy()
    values: Any
    if pd.api.types.is_bool_dtype(column.dtype):
        values = column.fillna(value=False).to_numpy(bool)
    elif pd.api.types.is_integer_dtype(column.dtype):
        values = for_r(column.fillna(0).to_numpy(np.int64))
    else:
        values = ["" if gone else str(item) for item, gone in zip(column, missing, strict=True)]
        if not missing.any():
            return {"kind": "strings", "values": values}
    return {"kind": "nullable", "values": values, "missing": missing}


@encode.register(sparse.spmatrix)
@encode.register(sparse.sparray)
def _(value: Any) -> Element:
    matrix = value if value.format in ("csr", "csc") else value.tocsr()
    return {
        "kind": "sparse",
        "format": matrix.format,
        "shape": list(matrix.shape),
        "data": matrix.data.astype(np.float64),
        "indices": for_r(matrix.indices),
        "indptr": for_r(matrix.indptr),
    }


@encode.register(list)
@encode.register(tuple)
@encode.register(np.ndarray)
def _(value: Any) -> Element:
    values = np.asarray(value)
    if values.dtype.names:
        return _encode_table(pd.DataFrame.from_records(values))
    if values.dtype.kind in "biuf":
        return {"kind": "numbers", "values": for_r(values)}
    texts = [str(item) for item in values.ravel(order="F")]
    return {"kind": "strings", "values": texts, "shape": list(values.shape)}


def decode(element: Mapping[str, Any]) -> Any:
    """Return the value of an element."""
    return _DECODERS[element["kind"]](element)


def for_r(values: np.ndarray) -> np.ndarray:
    """Return numbers in a type that R has: bool, int32 or float64."""
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind in "iu" and _fits(values):
        return values.astype(np.int32, copy=False)
    return values.astype(np.float64, copy=False)


def _fits(values: np.ndarray) -> bool:
    if values.size == 0 or (values.dtype.itemsize < 4):
        return True
    # the smallest int32 is R's NA
    return bool(values.max() <= _INT32.max and values.min() > _INT32.min)


def _decode_numbers(element: Mapping[str, Any]) -> np.ndarray:
    return np.asarray(element["values"], dtype=element.get("dtype"))


def _decode_strings(element: Mapping[str, Any]) -> np.ndarray:
    shape = [int(size) for size in element["shape"]]
    return np.array(element["values"], dtype=object).reshape(shape, order="F")


def _decode_factor(element: Mapping[str, Any]) -> pd.Categorical:
    codes, levels = np.asarray(element["codes"], dtype=np.int32), element["levels"]
    return pd.Categorical.from_codes(codes, levels, ordered=bool(element["ordered"]))


def _decode_nullable(element: Mapping[str, Any]) -> pd.api.extensions.ExtensionArray:
    values, missing = np.asarray(element["values"]), np.asarray(element["missing"], dtype=bool)
    if values.dtype.kind == "b":
        return pd.arrays.BooleanArray(values.copy(), missing.copy())
    return pd.arrays.IntegerArray(values.astype(np.int32), missing.copy())


def _decode_sparse(element: Mapping[str, Any]) -> Any:
    make = sparse.csr_matrix if element["format"] == "csr" else sparse.csc_matrix
    parts = (np.array(element[part]) for part in ("data", "indices", "indptr"))
    matrix = make(tuple(parts), shape=tuple(int(size) for size in element["shape"]))
    return matrix if element.get("dtype") is None else matrix.astype(element["dtype"])


def _decode_table(element: Mapping[str, Any]) -> pd.DataFrame:
    columns = {name: decode(column) for name, column in element["columns"].items()}
    index = element.get("index")
    return pd.DataFrame(
        columns,
        index=pd.RangeIndex(int(element["n_rows"]))
        if index is None
        else pd.Index(index, dtype=object),
    )


_DECODERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "scalar": lambda element: element["value"],
    "numbers": _decode_numbers,
    "strings": _decode_strings,
    "factor": _decode_factor,
    "nullable": _decode_nullable,
    "sparse": _decode_sparse,
    "table": _decode_table,
    "dict": lambda element: {key: decode(item) for key, item in element["items"].items()},
}
