"""Rows of numbers from a file, collected into one samples x genes matrix."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.io import _rules
from tissueshap.io._numbers import number, plain_numbers

Kind = Literal["counts", "estimated", "log"]
Axis = Literal["genes", "samples"]

#: The type in which the values of each kind are stored.
DTYPES = {"counts": np.int32, "estimated": np.int32, "log": np.float32}

#: Values in one block: few compared with the matrix, many compared with the cost of a block.
_BLOCK_VALUES = 1 << 20
_LARGEST = np.iinfo(np.int32).max

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

    It is allocated once, and samples are dropped in place, so no more memory is needed than
    for the matrix itself.

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

    Attributes
    ----------
    n_rounded
        Number of values that were fractions and have been rounded.
    """

    def __init__(self, path: Path, rows: Axis, n_rows: int, n_columns: int, kind: Kind) -> None:
        self.rows, self.kind, self.n_rounded = rows, kind, 0
        shape = (n_columns, n_rows) if rows == "genes" else (n_rows, n_columns)
        try:
            self._values = np.empty(shape, dtype=DTYPES[kind])
        except MemoryError as error:
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

    def trim(self) -> None:
        """Drop the rows that were announced but are not in the file."""
        if self.rows == "samples":
            self._values = self._values[: self._n]
        elif self._n < self._values.shape[1]:
            self._values = self._values[:, : self._n].copy()

    def drop_genes(self, keep: np.ndarray) -> None:
        """Drop, in place, the genes that are not marked in ``keep``."""
        n_samples, n_kept = len(self._values), int(keep.sum())
        flat = self._values.reshape(-1)
        for at, row in enumerate(self._values):
            flat[at * n_kept : (at + 1) * n_kept] = row[keep]
        self._values = flat[: n_samples * n_kept].reshape(n_samples, n_kept)

    def totals(self) -> np.ndarray:
        """Return the sum of the absolute values of each sample, float64."""
        return np.array([np.abs(row).sum(dtype=np.float64) for row in self._values])

    def largest(self) -> float:
        """Return the largest value."""
        return float(self._values.max(initial=0))

    def take(self, keep: np.ndarray) -> np.ndarray:
        """Return the samples marked in ``keep``; the others are overwritten."""
        rows = np.flatnonzero(keep)
        if len(rows) < len(self._values):
            for to, row in enumerate(rows):
                self._values[to] = self._values[row]
        return self._values[: len(rows)]


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
    """

    path: Path
    sep: str
    columns: Sequence[str]
    n_lead: int
    rows: Axis
    n_rows: int
    kind: Kind = "counts"
    leads: list[list[str]] = field(default_factory=list)
    _open: list[np.ndarray] = field(default_factory=list)
    _commented: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._matrix = Matrix(self.path, self.rows, self.n_rows, len(self.columns), self.kind)

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
        self._open.append(self._matrix.converted(values))
        if len(self._open) * len(self.columns) >= _BLOCK_VALUES:
            self._close()

    def _close(self) -> None:
        if self._open:
            self._matrix.add(np.stack(self._open))
            self._open = []

    def _refuse(self, name: str, column: str, what: str, remedy: str) -> NoReturn:
        gene, sample = (name, column) if self.rows == "genes" else (column, name)
        raise DataError(f"{self.path}: gene {gene!r} in sample {sample!r} {what}: {remedy}")
