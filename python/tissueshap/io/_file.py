"""A file of counts in any format."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.io._counts import CountFile
from tissueshap.io._file_type import is_hdf5, is_zarr
from tissueshap.io._from_anndata import counts_from_anndata
from tissueshap.io._gct import read_gct
from tissueshap.io._genes import unique_names
from tissueshap.io._matrix import Kind
from tissueshap.io._table import Orient, read_table
from tissueshap.io._text import existing, first, open_text


def read_file(
    path: str | Path,
    ids: Collection[str] | None,
    *,
    orient: Orient,
    kind: Kind,
    layer: str | None = None,
) -> CountFile:
    """Read a file of counts without rows that are not genes, and check that names are unique.

    Parameters
    ----------
    path
        The file.
    ids
        Possible identifiers of samples, to distinguish rows from columns, or None.
    orient
        What the rows of a table are; ``"auto"`` decides by ``ids``.
    kind
        ``"counts"`` or ``"log"``.
    layer
        The layer of an AnnData to read, ``"raw"`` or ``"X"``; by default where counts are.
    """
    path = Path(path).expanduser()
    file = _parse(path, ids, orient, kind, layer)
    file.drop_non_genes()
    file.check()
    return file


def read_tpm(path: str | Path, counts: CountFile, orient: Orient) -> np.ndarray:
    """Return transcripts per million for the samples and genes of a file of counts.

    Parameters
    ----------
    path
        A file of any of the formats; it may have more samples and genes, in any order.
    counts
        The file of counts.
    orient
        What the rows of a table are.

    Returns
    -------
    Samples x genes, float32, in the order of ``counts``.
    """
    file = read_file(path, set(counts.samples), orient=orient, kind="log")
    rows = _positions(path, "samples", counts, counts.samples, file.samples)
    names, available = unique_names(counts.genes), unique_names(file.genes)
    columns = _positions(path, "genes", counts, names, available)
    tpm = file.matrix.take(np.ones(len(file.samples), dtype=bool))
    if tpm.min() < 0:
        raise DataError(f"{path} has negative values, which TPM cannot be: is it on a log scale?")
    if np.array_equal(rows, np.arange(len(tpm))) and np.array_equal(
        columns, np.arange(len(available))
    ):
        return tpm
    return np.ascontiguousarray(tpm[np.ix_(rows, columns)])


def _positions(
    path: str | Path, what: str, counts: CountFile, wanted: Sequence[str], available: Sequence[str]
) -> np.ndarray:
    positions = pd.Index(available).get_indexer(pd.Index(wanted))
    lost = [name for name, at in zip(wanted, positions, strict=True) if at < 0]
    if lost:
        raise DataError(
            f"{path} lacks {len(lost):,} {what} of {counts.path} ({first(lost)}): TPM and "
            "counts must be of the same samples and genes"
        )
    return np.asarray(positions)


def _parse(
    path: Path, ids: Collection[str] | None, orient: Orient, kind: Kind, layer: str | None
) -> CountFile:
    if is_zarr(path) or is_hdf5(existing(path)) or path.suffix.lower() == ".h5ad":
        return counts_from_anndata(path, kind, layer)
    if layer is not None:
        raise DataError(f"layer={layer!r} is for .h5ad and .zarr files, which {path} is not")
    with open_text(path) as handle:
        line = handle.readline()
        if line.startswith("#1.") or ".gct" in path.suffixes:
            return read_gct(path, handle, line.strip(), kind)
        handle.seek(0)
        return read_table(path, handle, ids=ids, orient=orient, kind=kind)
