"""Counts in a delimited table, genes in rows or in columns."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Literal, TextIO

from tissueshap._errors import DataError
from tissueshap._progress import progress
from tissueshap.io._counts import CountFile
from tissueshap.io._genes import SYNONYMS
from tissueshap.io._matrix import Axis, Kind, RowReader
from tissueshap.io._text import count_lines, first

Orient = Literal["auto", "genes-in-rows", "genes-in-columns"]

#: Lines looked at before it is decided what a row is.
_PEEK = 50

#: Columns that describe a gene, in lower case; the last four are featureCounts'.
_DESCRIPTIONS = {*SYNONYMS, "chr", "start", "end", "strand"}


def read_table(
    path: Path,
    handle: TextIO,
    line: str,
    *,
    ids: Collection[str] | None,
    orient: Orient,
    kind: Kind,
) -> CountFile:
    """Read a table whose first line, ``line``, has been taken from ``handle``.

    Parameters
    ----------
    path
        The file, for messages.
    handle
        The rest of the file.
    line
        Its first line.
    ids
        What may be a sample's identifier, or None where there is no samples table.
    orient
        What rows are; ``"auto"`` finds it by ``ids``.
    kind
        ``"counts"`` or ``"log"``.
    """
    number = 1
    while line.startswith("#"):
        line, number = handle.readline(), number + 1
    sep = "\t" if "\t" in line else ","
    header = _fields(line, sep)
    if len(header) < 2:
        raise DataError(
            f"{path}, line {number} has one column only: columns have to be separated by "
            "tabs or commas"
        )
    peeked = list(islice(handle, _PEEK))
    body = [_fields(text, sep) for text in peeked if text.strip()]
    if not body:
        raise DataError(f"{path} has a header but no rows: it may be cut off; fetch it again")
    if len(body[0]) == len(header) + 1:
        header = ["", *header]  # R's write.table leaves the corner out
    rows = _rows(path, header, [fields[0] for fields in body], ids, orient)
    n_lead = 1 if rows == "samples" else _count_leads(header, body, ids)
    reader = RowReader(path, sep, header[n_lead:], n_lead, rows, count_lines(path) - number, kind)
    lines: Iterator[str] = chain(peeked, handle)
    for text in progress(lines, desc=f"reading {path.name}", unit=f" {rows}"):
        number += 1
        if text.strip():
            reader.add(text, number)
    leads = [list(column) for column in zip(*reader.leads, strict=True)]
    genes, samples = (leads[0], reader.columns) if rows == "genes" else (reader.columns, leads[0])
    described: dict[str, Sequence[str]] = dict(zip(header[1:n_lead], leads[1:], strict=True))
    if rows == "genes" and SYNONYMS.get(header[0].strip().lower()):
        described[header[0]] = genes
    return CountFile(path, samples, genes, reader.finish(), described)


def _fields(line: str, sep: str) -> list[str]:
    row = next(csv.reader([line.rstrip("\r\n")], delimiter=sep), [])
    return [field.strip() for field in row]


def _rows(
    path: Path,
    header: list[str],
    column: list[str],
    ids: Collection[str] | None,
    orient: Orient,
) -> Axis:
    """Return what rows are: the samples are where the samples table's identifiers are."""
    if orient != "auto":
        return "genes" if orient == "genes-in-rows" else "samples"
    if ids is None:
        raise DataError(
            f"{path}: are genes in rows or in columns? Pass samples=, or "
            "orient='genes-in-rows' or 'genes-in-columns'"
        )
    across = sum(name in ids for name in header[1:]) / (len(header) - 1)
    down = sum(name in ids for name in column) / len(column)
    if not across and not down:
        raise DataError(
            f"{path}: no sample of the samples table is in the header ({first(header[1:])}) or "
            f"in the first column ({first(column)}); the samples table has {first(ids)}. Make "
            "the sample ids the same in both files"
        )
    return "genes" if across >= down else "samples"


def _count_leads(header: list[str], body: list[list[str]], ids: Collection[str] | None) -> int:
    """Return how many columns come before the first sample: the id and descriptions."""

    def describes(position: int) -> bool:
        name = header[position]
        if ids is not None and name in ids:
            return False
        cells = [fields[position] for fields in body if position < len(fields)]
        return name.lower() in _DESCRIPTIONS or not any(map(_is_number, cells))

    n_lead = 1
    while n_lead < len(header) - 1 and describes(n_lead):
        n_lead += 1
    return n_lead


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
