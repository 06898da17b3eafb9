"""Rows of numbers on their way from a file into one samples x genes matrix."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

import numpy as np

from tissueshap._errors import DataError

Kind = Literal["counts", "log"]
Axis = Literal["genes", "samples"]

#: How the values of a kind are held.
DTYPES = {"counts": np.int32, "log": np.float32}

#: Values in one block: small beside the matrix, large beside the cost of a block.
_BLOCK_VALUES = 1 << 20
_MISSING = {"", "na", "nan", "null", "none", "n/a", "#n/a", "."}
_LARGEST = np.iinfo(np.int32).max


def fault(values: np.ndarray, kind: Kind) -> tuple[int, str, str] | None:
    """Return position, fault and remedy of the first value that is not of its kind, or None.

    Parameters
    ----------
    values
        Numbers, one-dimensional.
    kind
        ``"counts"``: whole numbers from 0 to 2,147,483,647. ``"log"``: any finite number.
    """

    def at(wrong: np.ndarray) -> int:
        return int(np.argmax(wrong))

    if values.dtype.kind == "f" and not np.isfinite(values).all():
        where = at(~np.isfinite(values))
        what = "is missing" if np.isnan(values[where]) else "is infinite"
        return where, what, "correct it, or remove the gene or the sample"
    if kind == "log" or values.size == 0:
        return None
    if values.min() < 0:
        where = at(values < 0)
        return where, f"is negative ({values[where]:g})", "counts start at 0; use the raw counts"
    if values.dtype.kind == "f" and (values != np.rint(values)).any():
        where = at(values != np.rint(values))
        remedy = (
            "use the raw counts (RSEM and salmon: round them); values='log' reads "
            "expression that is already on a log scale"
        )
        return where, f"is {values[where]:g}, not a whole number", remedy
    if values.max() > _LARGEST:
        where = at(values > _LARGEST)
        return where, f"is {values[where]:g}, too large for a count", f"at most {_LARGEST:,} fits"
    return None


class Matrix:
    """Samples x genes in C order, filled from rows of genes or of samples.

    It is allocated once, and samples are dropped in place, so that the memory needed is
    that of the matrix.

    Parameters
    ----------
    path
        The file, for messages.
    rows
        What the file's rows are.
    n_rows, n_columns
        Size in the file.
    kind
        ``"counts"`` are int32, ``"log"`` is float32.
    """

    def __init__(self, path: Path, rows: Axis, n_rows: int, n_columns: int, kind: Kind) -> None:
        self.rows = rows
        shape = (n_columns, n_rows) if rows == "genes" else (n_rows, n_columns)
        try:
            self._values = np.empty(shape, dtype=DTYPES[kind])
        except MemoryError as error:
            raise DataError(
                f"{path}: {shape[0]:,} samples x {shape[1]:,} genes need "
                f"{4 * math.prod(shape) / 2**30:,.1f} GB of memory, more than there is: read "
                "fewer samples, on a larger machine, or correct the numbers in its header"
            ) from error
        self._n = 0

    @classmethod
    def of(cls, values: np.ndarray) -> Matrix:
        """Return a matrix that holds an array, samples x genes, which it may overwrite."""
        held = cls.__new__(cls)
        held.rows, held._values, held._n = "samples", values, len(values)
        return held

    def add(self, block: np.ndarray) -> None:
        """Put the next rows in place."""
        end = self._n + len(block)
        if self.rows == "genes":
            self._values[:, self._n : end] = block.T
        else:
            self._values[self._n : end] = block
        self._n = end

    def trim(self) -> None:
        """Forget the rows that were announced and did not come."""
        if self.rows == "samples":
            self._values = self._values[: self._n]
        elif self._n < self._values.shape[1]:
            self._values = self._values[:, : self._n].copy()

    def totals(self) -> np.ndarray:
        """Return the sum of the absolute values of each sample, float64."""
        return np.array([np.abs(row).sum(dtype=np.float64) for row in self._values])

    def take(self, keep: np.ndarray) -> np.ndarray:
        """Return the samples marked in ``keep``; once only, the others are gone then."""
        kept = np.flatnonzero(keep)
        if len(kept) < len(self._values):
            for to, row in enumerate(kept):
                self._values[to] = self._values[row]
        return self._values[: len(kept)]


@dataclass
class RowReader:
    """Turn lines into numbers, and a bad cell into an error that names it.

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
        What a row is, and how many there are at most.
    kind
        ``"counts"``: whole numbers, not negative. ``"log"``: any finite number.
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

    def __post_init__(self) -> None:
        self._matrix = Matrix(self.path, self.rows, self.n_rows, len(self.columns), self.kind)

    def add(self, line: str, number: int) -> None:
        """Read one line, the ``number``-th of the file."""
        line = line.rstrip("\r\n")
        if '"' in line:
            fields = next(csv.reader([line], delimiter=self.sep))
            self._check_width(len(fields), number)
            lead, values = fields[: self.n_lead], None
        else:
            self._check_width(line.count(self.sep) + 1, number)
            *lead, rest = line.split(self.sep, self.n_lead)
            values, fields = self._fast(rest), []
        name = lead[0].strip()
        if not name:
            raise DataError(f"{self.path}, line {number}: the first column has no {self._row} id")
        if values is None:
            fields = fields or line.split(self.sep)
            values = self._slow(fields[self.n_lead :], name)
        self.leads.append([name, *lead[1:]])
        self._keep(values, name)

    def finish(self) -> Matrix:
        """Return what was read."""
        self._close()
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
                f"{expected:,}; every row needs as many (is the file complete?)"
            )

    def _fast(self, text: str) -> np.ndarray | None:
        """Read numbers of the expected kind, ten times as fast as pandas; None if it cannot."""
        dtype = np.int64 if self.kind == "counts" else np.float64
        try:
            # before NumPy 2.3 it warns, and gives what it read so far
            with warnings.catch_warnings(action="error", category=DeprecationWarning):
                values = np.fromstring(text, dtype=dtype, sep=self.sep)
        except (ValueError, DeprecationWarning):
            return None
        return values if values.size == len(self.columns) else None

    def _slow(self, cells: list[str], name: str) -> np.ndarray:
        try:
            return np.asarray(cells, dtype=np.float64)
        except ValueError:
            for cell, column in zip(cells, self.columns, strict=True):
                if cell.strip().lower() in _MISSING:
                    self._refuse(name, column, "is missing", "fill it in or remove the gene")
                try:
                    float(cell)
                except ValueError:
                    self._refuse(
                        name,
                        column,
                        f"is {cell!r}, not a number",
                        "correct it; a column of text among the samples has to be removed",
                    )
            raise

    def _keep(self, values: np.ndarray, name: str) -> None:
        found = fault(values, self.kind)
        if found is not None:
            at, what, remedy = found
            self._refuse(name, self.columns[at], what, remedy)
        self._open.append(values.astype(DTYPES[self.kind]))
        if len(self._open) * len(self.columns) >= _BLOCK_VALUES:
            self._close()

    def _close(self) -> None:
        if self._open:
            self._matrix.add(np.stack(self._open))
            self._open = []

    def _refuse(self, name: str, column: str, what: str, remedy: str) -> NoReturn:
        gene, sample = (name, column) if self.rows == "genes" else (column, name)
        raise DataError(f"{self.path}: gene {gene!r} in sample {sample!r} {what}: {remedy}")
