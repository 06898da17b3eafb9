"""Values from Python to R and back, without a transpose.

The rows of a samples x genes array in C order are the columns of R's genes x samples
matrix: both are the same bytes. So a matrix is written once, straight into R's memory
(and converted on the way where its type is another), and one that R made is read in
place. The module ``rpy2.rinterface`` is passed in: only ``_bridge.r`` imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.dense import blocks

_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class Matrix:
    """A matrix for R, with the names and the type that R needs.

    Attributes
    ----------
    values
        Samples x genes: an array, a sparse matrix, or one that is backed on disk.
    samples, genes
        Their names, R's ``dimnames``.
    integer
        Whether the values, whatever their type, are integers of 32 bits; None to
        decide by their type.
    """

    values: Any
    samples: Sequence[str] | None = None
    genes: Sequence[str] | None = None
    integer: bool | None = None


def to_r(ri: Any, value: Any) -> Any:
    """Return a value converted to R.

    Parameters
    ----------
    ri
        ``rpy2.rinterface``, with R started.
    value
        A matrix (samples x genes; an array or :class:`Matrix`) becomes a genes x
        samples matrix, a data frame a ``data.frame`` (its index is left out), a
        categorical a factor, a mapping a named list, None ``NULL``; scalars, one-
        dimensional arrays and lists of one type become vectors. Integers of 32 bits
        become ``integer``, other numbers ``double``.
    """
    if isinstance(value, pd.Series | pd.Index):
        value = value.array if isinstance(value.dtype, pd.CategoricalDtype) else value.to_numpy()
    if getattr(value, "ndim", 0) == 2 and not isinstance(value, pd.DataFrame):
        value = Matrix(value)
    if value is None:
        return ri.NULL
    for kind, convert in _CONVERSIONS.items():
        if isinstance(value, kind):
            return convert(ri, value)
    return _vector(ri, value)


def from_r(value: Any) -> Any:
    """Return a value of R converted to Python.

    A named list becomes a dictionary and another list a list; a ``data.frame`` a
    DataFrame; a factor a Categorical; ``NULL`` None. A vector becomes an array, of
    length one a scalar. A matrix keeps R's shape, genes x samples in Fortran order,
    and one of doubles is R's own memory, read-only. If its columns have names it becomes
    a DataFrame. ``NA`` becomes NaN, None, or pandas' missing value, depending on the type.
    """
    kind = value.typeof.name
    if kind == "NILSXP":
        return None
    if kind == "VECSXP":
        return _from_list(value)
    if len(_attribute(value, "dim") or ()) == 2:
        return _from_matrix(value)
    vector = _from_vector(value)
    return vector[0] if len(vector) == 1 and not isinstance(vector, pd.Categorical) else vector


def _matrix(ri: Any, matrix: Matrix) -> Any:
    n_samples, n_genes = matrix.values.shape
    zero = _zero(ri, matrix)
    matrix_r = ri.baseenv["matrix"](zero, nrow=n_genes, ncol=n_samples)
    if n_samples and n_genes:
        memory = np.asarray(matrix_r.memoryview()).T
        for rows, block in blocks(matrix.values):
            memory[rows] = block
    if matrix.samples is not None or matrix.genes is not None:
        names = [
            ri.NULL if names is None else ri.StrSexpVector(list(map(str, names)))
            for names in (matrix.genes, matrix.samples)
        ]
        matrix_r.do_slot_assign("dimnames", ri.ListSexpVector(names))
    return matrix_r


def _zero(ri: Any, matrix: Matrix) -> Any:
    """Return the value that gives R's matrix its type."""
    dtype = np.dtype(matrix.values.dtype)
    if dtype.kind == "b":
        return ri.BoolSexpVector([False])
    integer = matrix.integer
    if integer is None:
        integer = dtype.kind in "iu" and all(_fits(block) for _, block in blocks(matrix.values))
    return ri.IntSexpVector([0]) if integer else ri.FloatSexpVector([0.0])


def _fits(values: np.ndarray) -> bool:
    """Return whether integers fit R's, whose smallest represents a missing value."""
    return values.size == 0 or (values.min() > _INT32.min and values.max() <= _INT32.max)


def _vector(ri: Any, value: Any) -> Any:
    array = np.atleast_1d(np.asarray(value))
    if array.ndim > 1:
        raise TypeError(f"R has vectors and matrices, not arrays of {array.ndim} dimensions")
    if array.size == 0 and isinstance(value, list | tuple):
        return ri.StrSexpVector([])
    if array.dtype.kind == "b":
        return ri.BoolSexpVector(array.tolist())
    if array.dtype.kind in "iu" and _fits(array):
        return ri.IntSexpVector.from_memoryview(np.ascontiguousarray(array, np.int32).data)
    if array.dtype.kind in "iuf":
        return ri.FloatSexpVector.from_memoryview(np.ascontiguousarray(array, np.float64).data)
    missing = pd.isna(array)
    if array.dtype.kind in "UOT" and all(isinstance(item, str) for item in array[~missing]):
        return ri.StrSexpVector(
            [
                ri.NA_Character if gone else str(item)
                for item, gone in zip(array, missing, strict=True)
            ]
        )
    raise TypeError(f"R has no vector for these values of type {array.dtype}: {array[:3]}")


def _factor(ri: Any, value: pd.Categorical) -> Any:
    codes = np.where(value.codes < 0, _INT32.min, value.codes.astype(np.int64) + 1)
    return ri.baseenv["structure"](
        ri.IntSexpVector.from_memoryview(codes.astype(np.int32).data),
        **{"levels": _vector(ri, value.categories.astype(str)), "class": "factor"},
    )


def _list(ri: Any, value: Mapping[str, Any]) -> Any:
    items = ri.ListSexpVector([to_r(ri, item) for item in value.values()])
    items.names = ri.StrSexpVector([str(name) for name in value])
    return items


def _data_frame(ri: Any, frame: pd.DataFrame) -> Any:
    columns = [(str(name), to_r(ri, frame[name])) for name in frame]
    return ri.baseenv["data.frame"].rcall(
        (
            *columns,
            ("check.names", ri.BoolSexpVector([False])),
            ("stringsAsFactors", ri.BoolSexpVector([False])),
        )
    )


_CONVERSIONS: dict[type, Callable[[Any, Any], Any]] = {
    Matrix: _matrix,
    Mapping: _list,
    pd.DataFrame: _data_frame,
    pd.Categorical: _factor,
}


def _from_list(value: Any) -> Any:
    names = _attribute(value, "names")
    if "data.frame" in value.rclass:
        columns = {name: _from_vector(item) for name, item in zip(names or (), value, strict=True)}
        return pd.DataFrame(columns)
    if names is None:
        return [from_r(item) for item in value]
    return {str(name): from_r(item) for name, item in zip(names, value, strict=True)}


def _from_matrix(value: Any) -> np.ndarray | pd.DataFrame:
    rows, columns = _attribute(value, "dimnames") or (None, None)
    shape = tuple(_attribute(value, "dim"))
    if value.typeof.name == "REALSXP" and 0 not in shape:
        array = np.asarray(_Memory(value))
    else:
        array = np.asarray(_from_vector(value)).reshape(shape, order="F")
    index, header = (
        list(side) if side is not None and len(side) else None for side in (rows, columns)
    )
    return array if header is None else pd.DataFrame(array, index=index, columns=header, copy=False)


class _Memory:
    """R's memory for NumPy: an array made of it keeps the R object alive."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        view = np.asarray(owner.memoryview())
        self.__array_interface__ = {**view.__array_interface__, "data": (view.ctypes.data, True)}


def _from_vector(value: Any) -> Any:
    kind = value.typeof.name
    if kind == "STRSXP":
        return np.array([None if _is_na(item) else str(item) for item in value], dtype=object)
    if kind not in ("INTSXP", "LGLSXP", "REALSXP"):
        raise TypeError(f"a value of R of type {kind} has no counterpart in Python")
    if len(value) == 0:
        return np.empty(0, {"INTSXP": np.int32, "LGLSXP": np.bool_, "REALSXP": np.float64}[kind])
    numbers = np.array(value.memoryview()).ravel(order="F")
    if kind == "REALSXP":
        return numbers
    missing = numbers == _INT32.min
    levels = _attribute(value, "levels")
    if levels is not None:
        codes = (np.where(missing, 0, numbers) - 1).astype(np.intp)
        return pd.Categorical.from_codes(codes, pd.Index(levels))
    if kind == "LGLSXP":
        truth = numbers == 1
        return pd.arrays.BooleanArray(truth, missing) if missing.any() else truth
    return np.where(missing, np.nan, numbers) if missing.any() else numbers


def _is_na(item: Any) -> bool:
    return type(item).__name__ == "NACharacterType"


def _attribute(value: Any, name: str) -> Any:
    """Return an attribute of an R object, or None."""
    if name not in value.list_attrs():
        return None
    attribute = value.do_slot(name)
    return attribute if name == "dimnames" else list(attribute)
