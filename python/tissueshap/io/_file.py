"""A file of counts in any format."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.io._counts import CountFile
from tissueshap.io._file_type import is_hdf5, is_zarr
from tissueshap.io._from_anndata import counts_from_anndata
from tissueshap.io._gct import read_gct
from tissueshap.io._genes import unique_names
from tissueshap.io._held import Choose, Held, everything
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
    choose: Choose = everything,
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
    choose
        Returns what of the file is held in memory; all samples, if the file has no row for
        each gene.
    """
    path = Path(path).expanduser()
    file = _parse(path, ids, orient, kind, layer, choose)
    file.drop_non_genes()
    file.check()
    file.hold(choose(file.samples, file.obs))
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
    Samples x genes, float32, those that ``counts`` holds, in its order.
    """
    samples = list(compress(counts.samples, counts.held_samples))
    genes = list(compress(unique_names(counts.genes), counts.held_genes))
    wanted = set(samples)

    def choose(names: Sequence[str], own: pd.DataFrame | None) -> Held:
        mask = pd.Index(names).isin(wanted)
        return Held(mask) if mask.any() else everything(names, own)

    file = read_file(path, wanted, orient=orient, kind="log", choose=choose)
    found, available = list(compress(file.samples, file.held_samples)), unique_names(file.genes)
    rows = _positions(path, "samples", counts, samples, found)
    columns = _positions(path, "genes", counts, genes, available)
    tpm = file.matrix.take(np.ones(len(found), dtype=bool))
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
    path: Path,
    ids: Collection[str] | None,
    orient: Orient,
    kind: Kind,
    layer: str | None,
    choose: Choose,
) -> CountFile:
    if is_zarr(path) or is_hdf5(existing(path)) or path.suffix.lower() == ".h5ad":
        return counts_from_anndata(path, kind, layer)
    if layer is not None:
        raise DataError(f"layer={layer!r} is for .h5ad and .zarr files, which {path} is not")
    with open_text(path) as handle:
        line = handle.readline()
        if line.startswith("#1.") or ".gct" in path.suffixes:
            return read_gct(path, handle, line.strip(), kind, choose)
        handle.seek(0)
        return read_table(path, handle, ids=ids, orient=orient, kind=kind, choose=choose)
