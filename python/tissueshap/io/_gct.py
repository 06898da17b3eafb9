"""GCT files, versions 1.2 and 1.3.

Source: https://software.broadinstitute.org/cancer/software/gsea/wiki/index.php/Data_formats
and https://clue.io/connectopedia/gct_format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._core.progress import progress
from tissueshap.io import _rules
from tissueshap.io._counts import CountFile
from tissueshap.io._held import Choose
from tissueshap.io._matrix import Kind, RowReader

#: GCT 1.3's code for missing metadata, in addition to the usual words.
_MISSING = "-666"

_VERSIONS = {"#1.2": 2, "#1.3": 4}


def read_gct(path: Path, handle: TextIO, version: str, kind: Kind, choose: Choose) -> CountFile:
    """Read a GCT file whose first line, ``version``, has been read from ``handle``.

    Version 1.3's row metadata become columns of ``var``, its column metadata columns of
    ``obs``. The numbers of rows and columns in the header are compared with the body, of
    which only what ``choose`` returns is held.
    """
    n_genes, n_samples, n_var, n_obs = _dimensions(path, handle, version)
    lines = _numbered(handle)
    number, line = next(lines, (3, ""))
    header = _rules.fields(line, "\t")
    n_lead = 1 + n_var
    samples = header[n_lead:]
    if len(samples) != n_samples:
        raise DataError(
            f"{path}, line 2 announces {n_samples:,} samples but line {number} names "
            f"{len(samples):,}: the file is cut off or was edited; fetch it again or correct line 2"
        )
    obs: dict[str, list[str]] = {}
    for _ in range(n_obs):
        number, line = next(lines, (number + 1, ""))
        name, *cells = _rules.fields(line, "\t")
        if len(cells) != n_var + n_samples:
            raise DataError(
                f"{path}, line {number}: {len(cells) + 1:,} columns of sample metadata where "
                f"the header has {n_lead + n_samples:,}; the file is cut off or was edited"
            )
        if name in obs:
            raise DataError(
                f"{path}, line {number}: the metadata {name!r} occur twice: rename one of them"
            )
        obs[name] = ["" if cell == _MISSING else cell for cell in cells[n_var:]]
    _rules.column_names(header[1:n_lead], f"{path}, line 3,")
    own = pd.DataFrame(obs, index=samples, dtype=object) if obs else None
    held = choose(samples, own)
    rows = RowReader(path, "\t", samples, n_lead, "genes", n_genes, kind, held)
    for line in progress(handle, total=n_genes, desc=f"reading {path.name}", unit=" genes"):
        number += 1
        if len(rows.leads) == n_genes and _rules.is_content(line):
            found = n_genes + 1 + sum(map(_rules.is_content, handle))
            raise _other_number(path, n_genes, found)
        rows.add(line, number)
    if len(rows.leads) < n_genes:
        raise _other_number(path, n_genes, len(rows.leads))
    leads = list(zip(*rows.leads, strict=True)) if rows.leads else [()] * n_lead
    return CountFile(
        path,
        samples=samples,
        genes=list(leads[0]),
        gene_columns=dict(zip(header[1:n_lead], map(list, leads[1:]), strict=True)),
        matrix=rows.finish(),
        obs=own,
        held_samples=held.samples,
        held_genes=np.array(rows.kept, dtype=bool),
    )


def _numbered(handle: TextIO) -> Iterator[tuple[int, str]]:
    """Yield the lines after the second that are neither empty nor comments, with numbers."""
    return ((at, line) for at, line in enumerate(handle, 3) if _rules.is_content(line))


def _dimensions(path: Path, handle: TextIO, version: str) -> tuple[int, int, int, int]:
    """Return genes, samples, columns of gene metadata, rows of sample metadata."""
    expected = _VERSIONS.get(version)
    if expected is None:
        raise DataError(
            f"{path}, line 1 is {version[:40]!r}: a GCT file starts with #1.2 or #1.3; "
            "save it as one of them, or as a plain table"
        )
    cells = handle.readline().split()
    if len(cells) != expected or not all(cell.isdecimal() for cell in cells):
        raise DataError(
            f"{path}, line 2 must have {expected} integers (genes, samples"
            f"{', columns of metadata, rows of metadata' if expected == 4 else ''}), not "
            f"{' '.join(cells)[:40]!r}"
        )
    n_genes, n_samples, *rest = (int(cell) for cell in cells)
    n_var, n_obs = rest or (1, 0)
    return n_genes, n_samples, n_var, n_obs


def _other_number(path: Path, announced: int, found: int) -> DataError:
    return DataError(
        f"{path}, line 2 announces {announced:,} genes but the body has {found:,}: the file is "
        "cut off or was edited; fetch it again or correct line 2"
    )
