"""The rules for every text table, whoever wrote it and whoever reads it.

Counts, samples, gene annotation, markers, GCT metadata, .h5ad and data frames are all read
by these rules, so that a blank, a missing value or a comment means the same in each.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.io._text import duplicates, first

#: Words that stand for a missing value, in lower case. ``none`` is a word of the language
#: (no treatment), ``None`` is what Python writes for a missing value.
_MISSING = {"", "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "null", "."}
_MISSING_AS_WRITTEN = {"None"}

#: The words for missing values, for messages.
MISSING_WORDS = "empty cells and the words NA, N/A, NaN, null and None count as missing"

#: Separators of columns. Tabs come first, because text may have any of the others; blanks,
#: which R's write.table uses, come last.
_SEPARATORS = ("\t", ",", ";", " ")

#: Characters of an empty line: Excel writes lines that have only separators.
_EMPTY = ' \t,;"\r\n'


def is_missing(text: str) -> bool:
    """Return whether the text of a cell, without blanks around it, is a missing value.

    >>> [is_missing(word) for word in ("NA", "nan", "None", "none", "Naive")]
    [True, True, True, False, False]
    """
    return text.lower() in _MISSING or text in _MISSING_AS_WRITTEN


def cell(value: Any) -> str | None:
    """Return a cell as text without blanks around it, None if it is missing.

    A number becomes the text that a table would have: 7105.0 is ``"7105"``.

    >>> cell(" liver "), cell(7105.0), cell("NA"), cell(float("nan"))
    ('liver', '7105', None, None)
    """
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    if not isinstance(value, str) and pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    text = str(value).strip()
    return None if is_missing(text) else text


def as_text(column: pd.Series) -> pd.Series:
    """Return a column with every cell as :func:`cell` returns it."""
    known = {value: cell(value) for value in column.unique() if isinstance(value, str)}
    strings = [known[value] if isinstance(value, str) else cell(value) for value in column]
    return pd.Series(strings, index=column.index, dtype=object, name=column.name)


def tidy(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a data frame with the rules applied to its column names and its text.

    Parameters
    ----------
    frame
        Any data frame; numeric and Boolean columns are not changed.
    where
        What it is, for messages.
    """
    names = column_names(frame.columns, where)
    columns = {name: _tidied(frame.iloc[:, at]) for at, name in enumerate(names)}
    return pd.DataFrame(columns, index=frame.index)


def _tidied(column: pd.Series) -> pd.Series:
    if isinstance(column.dtype, pd.CategoricalDtype):
        plain = column.cat.categories
        if [cell(value) for value in plain] == list(plain):
            return column
        return as_text(column.astype(object)).astype("category")
    if pd.api.types.is_numeric_dtype(column) or column.dtype.kind in "mM":
        return column
    return as_text(column)


def table(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return a data frame as a text table, with its row names, if any, as the first columns."""
    if not isinstance(frame.index, pd.RangeIndex):
        index = frame.index.to_frame(index=False).astype(object)
        taken = set(map(str, frame.columns))
        index.columns = ["" if str(name) in taken else name or "" for name in index.columns]
        frame = pd.concat([index, frame.reset_index(drop=True)], axis=1)
    names = column_names(frame.columns, where)
    columns = {name: as_text(frame.iloc[:, at]) for at, name in enumerate(names)}
    return pd.DataFrame(columns, index=frame.index)


def column_names(names: Iterable[object], where: str) -> list[str]:
    """Return unique names of columns, without blanks around them and without ``/``.

    Raises
    ------
    DataError
        Two columns have the same name.
    """
    unique = [schema.plain_name(str(name).strip()) for name in names]
    twice = duplicates(unique)
    if twice:
        raise DataError(f"{where} has columns of the same name ({first(twice)}): rename them")
    return unique


def is_content(line: str) -> bool:
    """Return whether a line is a row: not a comment, and not empty or only separators."""
    return not line.startswith("#") and line.strip(_EMPTY) != ""


def is_row_commented(line: str, sep: str, width: int) -> bool:
    """Return whether a comment has as many columns as the table."""
    return line.startswith("#") and line.count(sep) + 1 == width


def warn_of_comments(path: Path, numbers: Sequence[int]) -> None:
    """Warn of comments that have as many columns as the table, and may be rows."""
    if numbers:
        warnings.warn(
            f"{path}: {len(numbers):,} lines that start with # are left out as comments, although "
            f"they have as many columns as the table (line {first(numbers)}): put the first "
            "cell in quotes if it is a name",
            DataWarning,
            stacklevel=2,
        )


def separator(header: str, body: Sequence[str]) -> str:
    """Return what separates the columns of a table.

    Parameters
    ----------
    header
        Its first line.
    body
        Lines after it. The first has as many columns as the header, or one more if R's
        ``write.table`` omitted the name of the first column.
    """

    def n_columns(sep: str) -> int:
        if not body or (sep != "\t" and not (_is_quoted(header, sep) and _is_quoted(body[0], sep))):
            return 0
        width = len(fields(body[0], sep))
        return width if width - len(fields(header, sep)) in (0, 1) else 0

    if n_columns("\t") > 1:
        return "\t"
    widths = {sep: n_columns(sep) for sep in _SEPARATORS}
    if max(widths.values()) < 2:
        widths = {sep: len(fields(header, sep)) for sep in _SEPARATORS[:-1]}
    return max(widths, key=lambda sep: widths[sep])


def _is_quoted(line: str, sep: str) -> bool:
    """Return whether the quotes of a line enclose cells, with this separator."""
    try:
        next(csv.reader([line.strip()], delimiter=sep, strict=True), None)
    except csv.Error:
        return False
    return True


def cells(line: str, sep: str) -> list[str]:
    """Return the cells of a line without quotes around them.

    A quote that is not closed, as in ``"frozen``, is an ordinary character.
    """
    line = line.rstrip("\r\n")
    if '"' in line:
        try:
            return next(csv.reader([line], delimiter=sep, strict=True))
        except csv.Error:
            pass
    return line.split(sep)


def fields(line: str, sep: str) -> list[str]:
    """Return the cells of a line without quotes and blanks around them."""
    return [text.strip() for text in cells(line, sep)]


def full_header(header: list[str], rows: Sequence[list[str]]) -> list[str]:
    """Return a header with a name for each column of the rows.

    R's ``write.table`` omits the name of the first; if each row ends with a separator, the
    last has none.
    """
    if not rows or len(rows[0]) != len(header) + 1:
        return header
    return [*header, ""] if not any(row[-1] for row in rows) else ["", *header]
