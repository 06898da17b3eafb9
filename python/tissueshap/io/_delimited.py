"""A text table: samples, gene annotation, markers, interactions."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.io import _rules
from tissueshap.io._text import open_text

#: Number of lines from which the form of a table is recognised.
_PEEK = 50


@dataclass
class Head:
    """The first lines of a table.

    Attributes
    ----------
    sep
        What separates the columns.
    names
        The names of the columns; the first is empty if R omitted it.
    number
        The line with the names, from 1.
    peeked
        The next lines, unchanged.
    rows
        The cells of those of them that are rows.
    """

    sep: str
    names: list[str]
    number: int
    peeked: list[str]
    rows: list[list[str]]


def read_head(path: Path, handle: TextIO) -> Head:
    """Read the header of a table and the first lines after it.

    Comments before the header are skipped. The last of them is the header if it has the
    columns of the first row, as in ``#node1<TAB>node2``.
    """
    line, comment, number = "", "", 0
    for line in handle:
        number += 1
        if _rules.is_content(line):
            break
        comment = line if line.startswith("#") else comment
    else:
        raise DataError(f"{path} has no rows, only empty lines and comments: is it the right file?")
    peeked = list(islice(handle, _PEEK))
    if _is_header(comment, line):
        peeked, line, number = [line, *peeked], comment[1:], number - 1
    body = [text for text in peeked if _rules.is_content(text)]
    sep = _rules.separator(line, body)
    rows = [_rules.fields(text, sep) for text in body]
    return Head(sep, _rules.full_header(_rules.fields(line, sep), rows), number, peeked, rows)


def _is_header(comment: str, row: str) -> bool:
    """Return whether a comment names the columns of the row after it: ``#node1<TAB>node2``."""
    names, cells = _rules.fields(comment[1:], "\t"), _rules.fields(row, "\t")
    return len(names) == len(cells) > 1 and not comment[1].isspace() and not set(names) & set(cells)


def read_delimited(path: str | Path, what: str) -> pd.DataFrame:
    """Read a table as text under the rules of :mod:`tissueshap.io._rules`.

    Parameters
    ----------
    path
        TSV, CSV, or separated by semicolons or blanks; also gzip.
    what
        What the rows are, for messages.

    Returns
    -------
    Columns of text, None where missing; columns with neither name nor values are dropped.

    Raises
    ------
    DataError
        It is not a table, a row has too few or too many columns, or two columns have the
        same name.
    """
    path = Path(path)
    with open_text(path) as handle:
        head = read_head(path, handle)
        if len(head.names) < 2:
            raise DataError(
                f"{path}, line {head.number} has only one column: the columns of {what} must "
                "be separated by tabs, commas or semicolons"
            )
        columns = _columns(path, head, handle, what)
    blank = {at for at, name in enumerate(head.names) if not name and not any(columns[at])}
    kept = [at for at in range(len(columns)) if at not in blank]
    names = _rules.column_names([head.names[at] for at in kept], str(path))
    return pd.DataFrame(
        {name: pd.Series(columns[at], dtype=object) for name, at in zip(names, kept, strict=True)}
    )


def _columns(path: Path, head: Head, handle: TextIO, what: str) -> list[list[str | None]]:
    """Return the cells of each column. Equal cells share one object, to save memory."""
    columns: list[list[str | None]] = [[] for _ in head.names]
    known: dict[str, str | None] = {}
    source = _Rows(path, head, handle)
    try:
        for row in source:
            if len(row) != len(columns):
                raise DataError(
                    f"{path}, line {source.number} is not a row of the table of {what}: "
                    f"{len(row):,} columns where the header has {len(columns):,}"
                )
            for text, column in zip(row, columns, strict=True):
                if text not in known:
                    known[text] = _rules.cell(text)
                column.append(known[text])
    except csv.Error as error:
        raise DataError(
            f"{path}, line {source.number} is not a row of the table of {what} ({error}): is a "
            "quote left open?"
        ) from error
    if not columns[0]:
        raise DataError(f"{path} has no rows: is it the right file?")
    _rules.warn_of_comments(path, source.commented)
    return columns


class _Rows:
    """The rows of a table as lists of cells, without comments and empty lines.

    Attributes
    ----------
    number
        The line that was read last.
    commented
        Lines that are comments but have as many columns as the table.
    """

    def __init__(self, path: Path, head: Head, handle: TextIO) -> None:
        self._head = head
        self._source = chain(head.peeked, handle)
        self.number = head.number
        self.commented: list[int] = []

    def __iter__(self) -> Iterator[list[str]]:
        sep = self._head.sep
        if sep == "\t":
            # No cell of such a table has a line break.
            return (_rules.cells(line, sep) for line in self._lines())
        return csv.reader(self._lines(), delimiter=sep, strict=True)

    def _lines(self) -> Iterator[str]:
        for line in self._source:
            self.number += 1
            if _rules.is_content(line):
                yield line
            elif _rules.is_row_commented(line, self._head.sep, len(self._head.names)):
                self.commented.append(self.number)
