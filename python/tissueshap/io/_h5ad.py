"""``io.write_h5ad`` and ``io.read_h5ad``, ``io.write_zarr`` and ``io.read_zarr``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tissueshap._errors import DataError
from tissueshap._feature import needed
from tissueshap._folders import named_if_full, whole_folder
from tissueshap.io._plain import make_plain
from tissueshap.io._text import existing

if TYPE_CHECKING:
    from anndata import AnnData


def write_h5ad(adata: AnnData, path: str | Path) -> Path:
    """Write an AnnData to an .h5ad file, whole or not at all.

    Parameters
    ----------
    adata
        What to write. Text columns of ``obs`` and ``var`` that repeat themselves become
        categories, as anndata does; columns and names of Arrow's types, or of pandas'
        ``string``, become what every version of anndata can read.
    path
        The file. It is replaced in one step, when all is written.

    Returns
    -------
    The path.

    Raises
    ------
    DataError
        The path is a folder, its folder does not exist, or the disk is full.
    """
    make_plain(adata)
    with _replacing(path) as temporary:
        adata.write_h5ad(temporary, compression="gzip")
    return Path(path)


def read_h5ad(path: str | Path) -> AnnData:
    """Read an .h5ad file.

    Raises
    ------
    DataError
        The file does not exist or is not an .h5ad file.
    """
    import anndata
    import h5py

    path = existing(path)
    if not h5py.is_hdf5(path):
        raise DataError(f"{path} is not an HDF5 file: is it complete, and is it an .h5ad?")
    with h5py.File(path) as held:
        if "obs" not in held or "var" not in held:
            raise DataError(f"{path} is HDF5 but not .h5ad: it has no obs and var")
    return anndata.read_h5ad(path)


def write_zarr(adata: AnnData, path: str | Path) -> Path:
    """Write an AnnData to a .zarr folder (format 2, which R reads too), whole or not at all.

    Parameters
    ----------
    adata
        What to write, as for :func:`write_h5ad`.
    path
        The folder. One that this function wrote, and that nobody changed since, is replaced
        when all is written.

    Returns
    -------
    The path.

    Raises
    ------
    DataError
        The folder holds files of somebody else, or the disk is full.
    """
    import anndata

    zarr = needed("zarr", "zarr", "ts.io.write_zarr")
    make_plain(adata)
    path = _placed(path)
    adata.strings_to_categoricals()
    with whole_folder(path, overwrite=True) as temporary:
        # adata.write_zarr() warns about the format whichever one is chosen
        group = zarr.open_group(str(temporary), mode="w", zarr_format=2)
        anndata.io.write_elem(group, "/", adata)
        zarr.consolidate_metadata(group.store)
    return path


def read_zarr(path: str | Path) -> AnnData:
    """Read a .zarr folder.

    Raises
    ------
    DataError
        The folder does not exist or is not an AnnData in zarr.
    """
    import anndata

    path = Path(path).expanduser()
    if not path.is_dir() or not any((path / name).exists() for name in (".zgroup", "zarr.json")):
        raise DataError(f"{path} is not a .zarr folder: check the path")
    return anndata.read_zarr(path)


def _placed(path: str | Path) -> Path:
    """Return a path whose folder exists."""
    path = Path(path).expanduser()
    if not path.parent.is_dir():
        raise DataError(f"{path.parent} does not exist: create the folder before writing to it")
    return path


@contextmanager
def _replacing(path: str | Path) -> Iterator[Path]:
    """Hand out a temporary neighbour of a file that replaces it on success."""
    path = Path(os.path.realpath(_placed(path)))  # a link stays a link
    if path.is_dir():
        raise DataError(f"{path} is a folder: name a file, such as {path / 'adata.h5ad'}")
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with named_if_full(path):
            yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
