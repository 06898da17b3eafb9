"""Rows of numbers from a file, collected into one samples x genes matrix."""

from __future__ import annotations

import math
import mmap
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.io import _rules
from tissueshap.io._held import Expressed, Held
from tissueshap.io._not_genes import is_counter
from tissueshap.io._numbers import number, plain_numbers

Kind = Literal["counts", "estimated", "log"]
Axis = Literal["genes", "samples"]

#: The type in which the values of each kind are stored.
DTYPES = {"counts": np.int32, "estimated": np.int32, "log": np.float32}

#: Values in one block: few compared with the matrix, many compared with the cost of a block.
_BLOCK_VALUES = 1 << 20
_LARGEST = np.iinfo(np.int32).max
#: Values in a page of memory.
_PER_PAGE = mmap.PAGESIZE // 4

_INCOMPLETE = "correct it, or remove the gene or the sample"
_REMEDIES = {"is missing": "fill it in or remove the gene", "is infinite": _INCOMPLETE}
_FRACTION = (
    "values='estimated' rounds the estimated counts of RSEM, salmon, tximport and nf-core; "
    "values='log' reads expression that is already on a log scale; TPM and FPKM are neither: "
    "use the counts"
)
_NO_NUMBER = (
    "correct it (a decimal point, no blanks or separators in numbers), or remove a text column "
    "among the samples"
)


def fault(values: np.ndarray, kind: Kind) -> tuple[int, str, str] | None:
    """Return position, fault and remedy of the first value that is not of its kind, or None.

    Parameters
    ----------
    values
        Numbers, one-dimensional.
    kind
        ``"counts"``: integers from 0 to 2,147,483,647. ``"estimated"``: fractions too.
        ``"log"``: any finite number.
    """
    if values.dtype == np.int64 and values.size and values.view(np.uint64).max() <= _LARGEST:
        return None  # as unsigned numbers, negative ones are the largest: one comparison is enough
    if values.dtype.kind not in "uifb":
        return 0, f"is of type {values.dtype}, not a number", "store numbers"
    for wrong, what, remedy in _tests(values, kind):
        if wrong.any():
            at = int(np.argmax(wrong))
            return at, what.format(values[at]), remedy
    return None


def _tests(values: np.ndarray, kind: Kind) -> Iterator[tuple[np.ndarray, str, str]]:
    """Yield which values are wrong, in what way, and the remedy, fault by fault."""
    if values.dtype.kind == "f":
        yield np.isnan(values), "is missing", _INCOMPLETE
        yield np.isinf(values), "is infinite", _INCOMPLETE
    if kind == "log":
        return
    yield values < 0, "is negative ({:g})", "counts start at 0; use the raw counts"
    if kind == "counts" and values.dtype.kind == "f":
        yield values != np.rint(values), "is {:g}, not an integer", _FRACTION
    yield values > _LARGEST, "is {:g}, too large for a count", f"at most {_LARGEST:,} fits"


class Matrix:
    """Samples x genes in C order, filled by rows of genes or of samples.

    It is allocated once, and samples and genes are dropped in place, so no more memory is
    needed than for the matrix itself.

    Parameters
    ----------
    path
        The file, for messages.
    rows
        What the rows of the file are.
    n_rows, n_columns
        Size in the file.
    kind
        ``"counts"`` are int32, ``"estimated"`` are rounded to int32, ``"log"`` is float32.
    partly
        Whether many of the rows will be left out: what is not filled then takes no memory.

    Attributes
    ----------
    n_rounded
        Number of values that were fractions and have been rounded.
    """

    def __init__(
        self,
        path: Path,
        rows: Axis,
        n_rows: int,
        n_columns: int,
        kind: Kind,
        *,
        partly: bool = False,
    ) -> None:
        self.rows, self.kind, self.n_rounded = rows, kind, 0
        shape = (n_columns, n_rows) if rows == "genes" else (n_rows, n_columns)
        self._left_out, self._largest_left_out = np.zeros(shape[0]), 0.0
        self._memory = None
        try:
            if partly and sys.platform == "linux":
                # A sample starts with a page of its own.
                padded = shape[0], -(-shape[1] // _PER_PAGE) * _PER_PAGE
                self._memory = _untouched(4 * math.prod(padded))
                self._values = np.frombuffer(self._memory, DTYPES[kind]).reshape(padded)
            else:
                self._values = np.empty(shape, dtype=DTYPES[kind])
        except (MemoryError, OSError, OverflowError, ValueError) as error:
            raise DataError(
                f"{path}: {shape[0]:,} samples x {shape[1]:,} genes need "
                f"{4 * math.prod(shape) / 2**30:,.1f} GB of memory, more than is available: read "
                "fewer samples, use a larger machine, or correct the numbers in its header"
            ) from error
        self._n = 0

    @classmethod
    def of(cls, values: np.ndarray, kind: Kind) -> Matrix:
        """Return a matrix that holds an array, samples x genes, which it may overwrite."""
        matrix = cls.__new__(cls)
        matrix.rows, matrix.kind, matrix.n_rounded = "samples", kind, 0
        matrix._left_out, matrix._largest_left_out = np.zeros(len(values)), 0.0
        matrix._memory = None
        matrix._values, matrix._n = values, len(values)
        return matrix

    def converted(self, values: np.ndarray) -> np.ndarray:
        """Return values without :func:`fault` in the stored type, rounded if estimated."""
        if self.kind == "estimated" and values.dtype.kind == "f":
            whole = np.rint(values)
            self.n_rounded += int((whole != values).sum())
            values = whole
        return values.astype(DTYPES[self.kind])

    def add(self, block: np.ndarray) -> None:
        """Add the next rows."""
        end = self._n + len(block)
        if self.rows == "genes":
            self._values[:, self._n : end] = block.T
        else:
            self._values[self._n : end] = block
        self._n = end

    def leave_out(self, values: np.ndarray) -> None:
        """Count a gene that is not added, for :meth:`totals` and :meth:`largest`."""
        self._left_out += np.abs(values)
        self._largest_left_out = max(self._largest_left_out, float(values.max(initial=0)))

    def trim(self) -> None:
        """Drop the rows that were announced but are not in the file, or were left out."""
        if self.rows == "samples":
            self._values = self._values[: self._n]
            self._left_out = self._left_out[: self._n]
        elif self._n < self._values.shape[1]:
            self._compact(slice(self._n), self._n)

    def drop_genes(self, keep: np.ndarray) -> None:
        """Drop, in place, the genes that are not marked in ``keep``."""
        self._compact(keep, int(keep.sum()))

    def _compact(self, columns: slice | np.ndarray, n_kept: int) -> None:
        n_samples, n_genes = self._values.shape
        flat = self._values.reshape(-1)
        for at, row in enumerate(self._values):
            flat[at * n_kept : (at + 1) * n_kept] = row[columns]
            if self._memory is not None:
                first = max(at * n_genes, (at + 1) * n_kept)
                _release(self._memory, 4 * first, 4 * (at + 1) * n_genes)
        self._values = flat[: n_samples * n_kept].reshape(n_samples, n_kept)

    def genes_with(self, expressed: Expressed, samples: np.ndarray) -> np.ndarray:
        """Return which genes are expressed in some samples, and count the others as left out."""
        n_with = np.zeros(self._values.shape[1], dtype=np.int64)
        for place in np.flatnonzero(samples):
            n_with += self._values[place] >= expressed.reads
        has = n_with > expressed.samples
        for at, row in enumerate(self._values):
            others = row[~has]
            self._left_out[at] += np.abs(others).sum(dtype=np.float64)
            self._largest_left_out = max(self._largest_left_out, float(others.max(initial=0)))
        return has

    def totals(self) -> np.ndarray:
        """Return the sum of the absolute values of each sample, genes left out included."""
        held = [np.abs(row).sum(dtype=np.float64) for row in self._values]
        return np.array(held) + self._left_out

    def largest(self) -> float:
        """Return the largest value, genes left out included."""
        return max(float(self._values.max(initial=0)), self._largest_left_out)

    def take(self, keep: np.ndarray) -> np.ndarray:
        """Return the samples marked in ``keep``; the others are overwritten."""
        rows = np.flatnonzero(keep)
        if len(rows) < len(self._values):
            for to, row in enumerate(rows):
                self._values[to] = self._values[row]
        return self._values[: len(rows)]


def _untouched(n_bytes: int) -> mmap.mmap:
    """Return memory of which only those pages are taken that are written to.

    NumPy asks for pages of 2 MiB, which hold several rows: all of them would be taken.
    """
    memory = mmap.mmap(-1, max(1, n_bytes), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


def _release(memory: mmap.mmap, start: int, end: int) -> None:
    """Give back the pages between two bytes, whose values are used no more."""
    first, last = -(-start // mmap.PAGESIZE), end // mmap.PAGESIZE
    if last > first:
        memory.madvise(mmap.MADV_DONTNEED, first * mmap.PAGESIZE, (last - first) * mmap.PAGESIZE)


@dataclass
class RowReader:
    """Convert lines to numbers; raise an error that names the cell if one is not a number.

    Attributes
    ----------
    path
        The file, for messages.
    sep
        Separator of the fields.
    columns
        Names of the fields that hold numbers.
    n_lead
        Number of fields before them.
    rows, n_rows
        What a row is, and the maximum number of rows.
    kind
        ``"counts"``: integers, not negative. ``"estimated"``: numbers, not negative.
        ``"log"``: any finite number.
    held
        Where rows are genes, what is held of them; by default everything.
    kept
        Whether each row is held.
    """

    path: Path
    sep: str
    columns: Sequence[str]
    n_lead: int
    rows: Axis
    n_rows: int
    kind: Kind = "counts"
    held: Held | None = None
    leads: list[list[str]] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)
    _open: list[np.ndarray] = field(default_factory=list)
    _commented: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        mask = np.ones(len(self.columns), bool) if self.held is None else self.held.samples
        self._places: Any = slice(None) if mask.all() else np.flatnonzero(mask)
        self._n_held = int(mask.sum())
        self._expressed = None if self.held is None else self.held.expressed
        partly = self._expressed is not None
        self._matrix = Matrix(
            self.path, self.rows, self.n_rows, self._n_held, self.kind, partly=partly
        )

    def add(self, line: str, number: int) -> None:
        """Read one line, the ``number``-th of the file; comments and empty lines are skipped."""
        if not _rules.is_content(line):
            if _rules.is_row_commented(line, self.sep, self.n_lead + len(self.columns)):
                self._commented.append(number)
            return
        line = line.rstrip("\r\n")
        if '"' in line:
            cells = _rules.cells(line, self.sep)
            rest, sep = "\t".join(cells[self.n_lead :]), "\t"
        else:
            cells, sep = line.split(self.sep, self.n_lead), self.sep
            rest = cells[-1]
        values = plain_numbers(rest, sep, len(self.columns))
        if values is None or len(cells) <= self.n_lead:
            cells = _rules.cells(line, self.sep)
            self._check_width(len(cells), number)
        name = cells[0].strip()
        if not name:
            raise DataError(f"{self.path}, line {number}: the first column has no {self._row} id")
        if values is None:
            values = self._slow(cells[self.n_lead :], name)
        self.leads.append([name, *cells[1 : self.n_lead]])
        self._keep(values, name)

    def finish(self) -> Matrix:
        """Return the matrix that was read."""
        self._close()
        _rules.warn_of_comments(self.path, self._commented)
        self._matrix.trim()
        return self._matrix

    @property
    def _row(self) -> str:
        return "gene" if self.rows == "genes" else "sample"

    def _check_width(self, width: int, number: int) -> None:
        expected = self.n_lead + len(self.columns)
        if width != expected:
            raise DataError(
                f"{self.path}, line {number}: {width:,} columns where the header has "
                f"{expected:,}; every row needs the same number (is the file complete?)"
            )

    def _slow(self, cells: list[str], name: str) -> np.ndarray:
        values = np.empty(len(cells))
        for at, cell in enumerate(cells):
            value = number(cell)
            if isinstance(value, str):
                self._refuse(name, self.columns[at], value, _REMEDIES.get(value, _NO_NUMBER))
            values[at] = value
        return values

    def _keep(self, values: np.ndarray, name: str) -> None:
        problem = fault(values, self.kind)
        if problem is not None:
            at, what, remedy = problem
            self._refuse(name, self.columns[at], what, remedy)
        values = self._matrix.converted(values)[self._places]
        self.kept.append(self._expressed is None or self._expressed.has(values))
        if not self.kept[-1]:
            if not is_counter(name):
                self._matrix.leave_out(values)
            return
        self._open.append(values)
        if len(self._open) * self._n_held >= _BLOCK_VALUES:
            self._close()

    def _close(self) -> None:
        if self._open:
            self._matrix.add(np.stack(self._open))
            self._open = []

    def _refuse(self, name: str, column: str, what: str, remedy: str) -> NoReturn:
        gene, sample = (name, column) if self.rows == "genes" else (column, name)
        raise DataError(f"{self.path}: gene {gene!r} in sample {sample!r} {what}: {remedy}")
