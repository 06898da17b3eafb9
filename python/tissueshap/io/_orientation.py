"""The orientation of a table of counts, by the identifiers of genes that are known."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tissueshap.io._delimited import read_head
from tissueshap.io._file_type import is_hdf5, is_zarr
from tissueshap.io._genes import strip_version
from tissueshap.io._table import Orient
from tissueshap.io._text import existing, open_text


def orientation(path: Path, genes: Collection[str]) -> Orient:
    """Return where the genes of a table are: in rows, unless more are found in the header.

    Parameters
    ----------
    path
        A file of counts; ``"auto"`` is returned for formats that have only one orientation.
    genes
        Identifiers of genes, Ensembl's without version.
    """
    if is_zarr(path) or is_hdf5(existing(path)):
        return "auto"
    with open_text(path) as handle:
        if handle.readline().startswith("#1.") or ".gct" in path.suffixes:
            return "auto"
        handle.seek(0)
        head = read_head(path, handle)
    across = sum(strip_version(name) in genes for name in head.names[1:])
    down = sum(strip_version(fields[0]) in genes for fields in head.rows)
    return "genes-in-columns" if across > down else "genes-in-rows"
