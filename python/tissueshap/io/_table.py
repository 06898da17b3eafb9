"""Counts in a delimited table, genes in rows or in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from tissueshap._core import schema
from tissueshap._core.errors import DataError
from tissueshap._core.progress import progress
from tissueshap.io import _rules
from tissueshap.io._counts import CountFile
from tissueshap.io._delimited import read_head
from tissueshap.io._genes import meaning
from tissueshap.io._held import Choose
from tissueshap.io._matrix import Axis, Kind, RowReader
from tissueshap.io._numbers import is_number
from tissueshap.io._sample_names import sample_names
from tissueshap.io._text import count_lines, first

Orient = Literal["auto", "genes-in-rows", "genes-in-columns"]

#: Columns of featureCounts with the position of a gene, in lower case.
_PLACES = {"chr", "start", "end", "strand"}


def read_table(
    path: Path,
    handle: TextIO,
    *,
    ids: Collection[str] | None,
    orient: Orient,
    kind: Kind,
    choose: Choose,
) -> CountFile:
    """Read a table of counts.

    Parameters
    ----------
    path
        The file, for messages.
    handle
        The file.
    ids
        Possible identifiers of samples, or None without a samples table.
    orient
        What the rows are; ``"auto"`` decides by ``ids``.
    kind
        ``"counts"`` or ``"log"``.
    choose
        Returns what is held if genes are in rows; otherwise everything is.
    """
    head = read_head(path, handle)
    header = sample_names(head.names, ids)
    if len(header) < 2:
        raise DataError(
            f"{path}, line {head.number} has only one column: there are no samples, or columns "
            "are not separated by tabs, commas or semicolons"
        )
    if not head.rows:
        raise DataError(f"{path} has a header but no rows: it may be cut off; fetch it again")
    if not header[-1]:
        raise DataError(
            f"{path}, line {head.number}: the last column has no name; if rows end with a "
            "separator, remove it"
        )
    rows = _rows(path, header, [fields[0] for fields in head.rows], ids, orient)
    n_lead = 1 if rows == "samples" else _count_leads(header, head.rows, ids)
    _rules.column_names(header[1:n_lead], f"{path}, line {head.number},")
    n_lines = count_lines(path) - head.number
    held = choose(header[n_lead:], None) if rows == "genes" else None
    reader = RowReader(path, head.sep, header[n_lead:], n_lead, rows, n_lines, kind, held)
    lines: Iterator[str] = chain(head.peeked, handle)
    for number, text in enumerate(
        progress(lines, desc=f"reading {path.name}", unit=f" {rows}"), head.number + 1
    ):
        reader.add(text, number)
    leads = [list(column) for column in zip(*reader.leads, strict=True)]
    genes, samples = (leads[0], reader.columns) if rows == "genes" else (reader.columns, leads[0])
    described: dict[str, Sequence[str]] = dict(zip(header[1:n_lead], leads[1:], strict=True))
    if rows == "genes" and meaning(header[0]) == schema.var.symbol:
        described.setdefault(header[0], genes)
    file = CountFile(path, samples, genes, reader.finish(), described)
    if held is not None:
        file.held_samples, file.held_genes = held.samples, np.array(reader.kept, dtype=bool)
    return file


def _rows(
    path: Path,
    header: list[str],
    column: list[str],
    ids: Collection[str] | None,
    orient: Orient,
) -> Axis:
    """Return what the rows are, by where the identifiers of the samples table are."""
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
    """Return the number of columns before the first sample: the id and descriptions."""

    def describes(position: int) -> bool:
        name = header[position]
        if ids is not None and name in ids:
            return False
        cells = [fields[position] for fields in body if position < len(fields)]
        known = name.lower() in _PLACES or meaning(name) is not None
        return known or not any(map(is_number, cells))

    n_lead = 1
    while n_lead < len(header) - 1 and describes(n_lead):
        n_lead += 1
    return n_lead
