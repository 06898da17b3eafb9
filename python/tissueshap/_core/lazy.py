"""Matrices whose rows are read, or computed, when they are needed.

The matrices of an atlas do not fit into memory. What a verb needs of them is a block of rows at
a time: from a file (:class:`Stored`), of some genes (:class:`Columns`), as counts per million
(:class:`PerMillion`) or their logarithm (:class:`LogValues`), which is computed whenever rows
are read. All are indexed by rows, as arrays are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from tissueshap._core.dense import dense, refuse_columns_first

#: Values, samples x genes, that are in memory together: 256 MiB as float32.
BUFFER = 2**26
#: Values that are read by one request, and rows between two that are read and dropped.
_REQUEST, _GAP = 2**22, 16
#: Rows that are divided together.
_FEW = 256


def buffer_rows(n_genes: int) -> int:
    """Return how many rows of a matrix on disk may be in memory together."""
    return max(1, BUFFER // max(1, n_genes))


def is_large(values: Any) -> bool:
    """Return whether a matrix is on disk and too large to be held in memory as a whole."""
    return on_disk(values) and values.shape[0] > buffer_rows(values.shape[1])


def on_disk(values: Any) -> bool:
    """Return whether the rows of a matrix are read when they are needed."""
    if isinstance(values, Lazy):
        return True
    from scipy.sparse import issparse

    if values is None or isinstance(values, np.ndarray) or issparse(values):
        return False
    from anndata.abc import CSCDataset, CSRDataset
    from h5py import Dataset

    # zarr need not be installed.
    is_zarr = type(values).__module__.split(".")[0] == "zarr"
    return is_zarr or isinstance(values, CSCDataset | CSRDataset | Dataset)


def lazily(values: Any) -> Any:
    """Return a matrix that can be indexed by any rows, also if it is on disk."""
    return values if isinstance(values, Lazy) or not on_disk(values) else Stored(values)


def of_columns(values: Any, columns: np.ndarray) -> Any:
    """Return some genes of a matrix; those of a matrix in memory are copied."""
    values = lazily(values)
    return values.narrowed(columns) if isinstance(values, Lazy) else values[:, columns]


def read_rows(values: Any, rows: np.ndarray) -> Any:
    """Return a matrix of some rows, with all that is on disk read into memory."""
    return values.read(rows) if isinstance(values, Lazy) else values[rows]


def fitting(values: Any, rows: np.ndarray, seed: int) -> np.ndarray:
    """Return some rows of a matrix or, if they are on disk and do not fit into memory, a draw.

    Parameters
    ----------
    values
        Samples x genes.
    rows
        Positions, ascending.
    seed
        Seed of the draw.
    """
    most = buffer_rows(values.shape[1])
    if not on_disk(values) or rows.size <= most:
        return rows
    return np.sort(np.random.default_rng([seed, 5]).choice(rows, most, replace=False))


class Lazy(ABC):
    """A matrix, samples x genes, whose rows are read when they are needed.

    Attributes
    ----------
    shape, dtype
        As of an array.
    """

    shape: tuple[int, int]
    dtype: np.dtype[Any]
    ndim = 2

    @abstractmethod
    def read(self, rows: np.ndarray) -> Any:
        """Return the same matrix of some rows, with what is on disk in memory."""

    @abstractmethod
    def values(self, rows: np.ndarray) -> Any:
        """Return the values of some rows, dense or sparse."""

    def narrowed(self, columns: np.ndarray) -> Lazy:
        """Return the same matrix of some genes."""
        return Columns(self, columns)

    def toarray(self) -> np.ndarray:
        """Return all values, which have to fit into memory."""
        return dense(self[:])

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, tuple):  # as anndata's views do
            rows, columns = (_positions(one, n) for one, n in zip(index, self.shape, strict=True))
            return self.narrowed(columns)[rows]
        return self.values(_positions(index, self.shape[0]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.toarray(), dtype=dtype)


class Stored(Lazy):
    """A matrix on disk: a dataset of h5py or zarr, or a sparse one of anndata."""

    def __init__(self, values: Any) -> None:
        refuse_columns_first(values)
        self.shape, self.dtype = tuple(values.shape), np.dtype(values.dtype)
        self._values = _SparseRows(values) if hasattr(values, "group") else values

    def read(self, rows: np.ndarray) -> Any:
        return self.values(rows)

    def values(self, rows: np.ndarray) -> Any:
        """Return some rows, of which neighbours are read together."""
        from scipy import sparse

        if not rows.size:
            return self._values[0:0]
        once, where = np.unique(rows, return_inverse=True)
        step = max(1, _REQUEST // max(1, self.shape[1]))
        apart = (np.diff(once) > _GAP) | (np.diff(once // step) > 0)
        parts = [self._some(part) for part in np.split(once, np.flatnonzero(apart) + 1)]
        whole = sparse.vstack(parts, "csr") if sparse.issparse(parts[0]) else np.concatenate(parts)
        in_order = once.size == rows.size and bool((where[1:] > where[:-1]).all())
        return whole if in_order else whole[where]

    def _some(self, rows: np.ndarray) -> Any:
        first, stop = int(rows[0]), int(rows[-1]) + 1
        block = self._values[first:stop]
        return block if rows.size == stop - first else block[rows - first]


class _SparseRows:
    """Slices of a CSR matrix in a file; those of anndata itself take ten times as long."""

    def __init__(self, values: Any) -> None:
        self._data, self._indices = values.group["data"], values.group["indices"]
        self._starts = values.group["indptr"][:]
        self._n_columns = int(values.shape[1])

    def __getitem__(self, rows: slice) -> Any:
        from scipy import sparse

        starts = self._starts[rows.start : rows.stop + 1]
        part = slice(int(starts[0]), int(starts[-1]))
        values = (self._data[part], self._indices[part], starts - starts[0])
        return sparse.csr_matrix(values, shape=(starts.size - 1, self._n_columns))


class Columns(Lazy):
    """Some genes of a matrix."""

    def __init__(self, whole: Any, columns: np.ndarray) -> None:
        self.whole, self.columns = whole, np.asarray(columns, dtype=np.int64)
        self.shape, self.dtype = (whole.shape[0], self.columns.size), np.dtype(whole.dtype)

    def read(self, rows: np.ndarray) -> Any:
        return of_columns(read_rows(self.whole, rows), self.columns)

    def values(self, rows: np.ndarray) -> Any:
        return self.whole[rows][:, self.columns]

    def narrowed(self, columns: np.ndarray) -> Columns:
        return Columns(self.whole, self.columns[columns])


class PerMillion(Lazy):
    """Counts per million on given library sizes, float32."""

    def __init__(self, counts: Any, sizes: np.ndarray) -> None:
        self._counts, self._sizes = counts, sizes
        self.shape, self.dtype = tuple(counts.shape), np.dtype(np.float32)

    def read(self, rows: np.ndarray) -> PerMillion:
        return PerMillion(read_rows(self._counts, rows), self._sizes[rows])

    def values(self, rows: np.ndarray) -> np.ndarray:
        return per_million(dense(self._counts[rows]), self._sizes[rows])

    def narrowed(self, columns: np.ndarray) -> PerMillion:
        return PerMillion(of_columns(self._counts, columns), self._sizes)


class LogValues(Lazy):
    """``log2(x + offset) + shift`` of a matrix, float32."""

    def __init__(self, linear: Any, *, offset: float, shift: float) -> None:
        self._linear, self._how = linear, {"offset": offset, "shift": shift}
        self.shape, self.dtype = tuple(linear.shape), np.dtype(np.float32)

    def read(self, rows: np.ndarray) -> LogValues:
        return LogValues(read_rows(self._linear, rows), **self._how)

    def values(self, rows: np.ndarray) -> np.ndarray:
        return transformed(np.array(dense(self._linear[rows]), np.float32), **self._how)

    def narrowed(self, columns: np.ndarray) -> LogValues:
        return LogValues(of_columns(self._linear, columns), **self._how)


def per_million(counts: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return counts per million on given library sizes, float32, samples x genes."""
    values = np.empty(counts.shape, dtype=np.float32)
    for start in range(0, len(values), _FEW):  # float64 of a few rows alone
        rows = slice(start, start + _FEW)
        values[rows] = counts[rows] / sizes[rows, None] * 1e6
    return values


def transformed(values: np.ndarray, *, offset: float, shift: float) -> np.ndarray:
    """Overwrite float32 values with ``log2(values + offset) + shift`` and return them."""
    values += np.float32(offset)
    with np.errstate(divide="ignore", invalid="ignore"):  # the caller checks the result
        np.log2(values, out=values)
    values += np.float32(shift)
    return values


def _positions(rows: Any, size: int) -> np.ndarray:
    if isinstance(rows, slice):
        return np.arange(*rows.indices(size))
    rows = np.ravel(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)
