"""``io.write_h5ad`` and ``io.read_h5ad``, ``io.write_zarr`` and ``io.read_zarr``."""

from __future__ import annotations

import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap._core.folders import named_if_full, whole_folder
from tissueshap._install.feature import needed
from tissueshap.io._file_type import hdf5_kind, is_zarr, refuse_other_types
from tissueshap.io._packed import write_elements
from tissueshap.io._plain import make_plain
from tissueshap.io._text import existing

if TYPE_CHECKING:
    from anndata import AnnData


def write_h5ad(adata: AnnData, path: str | Path) -> Path:
    """Write an AnnData to an .h5ad file, completely or not at all.

    Large matrices are compressed by ``ts.settings.n_jobs`` threads.

    Parameters
    ----------
    adata
        What to write. Text columns of ``obs`` and ``var`` with repeated values become
        categories, as in anndata; columns and names of Arrow's types, or of pandas'
        ``string``, are converted to types that every version of anndata can read.
    path
        The file. It is replaced in a single step once everything is written.

    Returns
    -------
    The path.

    Raises
    ------
    DataError
        The path is a folder, its folder does not exist, or the disk is full.

    Examples
    --------
    >>> path = ts.io.write_h5ad(adata, "cohort.h5ad")
    >>> ts.io.read_h5ad(path).shape == adata.shape
    True
    """
    import h5py

    make_plain(adata)
    with _replacing(path) as temporary:
        if adata.isbacked:
            adata.write_h5ad(temporary, compression="gzip")
        else:
            adata.strings_to_categoricals()
            if adata.raw is not None:
                adata.strings_to_categoricals(adata.raw.var)
            with h5py.File(temporary, "w") as file:
                write_elements(adata, file)
    return Path(path)


def read_h5ad(path: str | Path, *, backed: bool = False) -> AnnData:
    """Read an .h5ad file.

    Parameters
    ----------
    path
        The file.
    backed
        Leave ``X``, ``raw`` and all layers in the file, from which functions read the samples
        that they need (docs/atlases.md). ``anndata.read_h5ad(path, backed="r+")``, which leaves
        ``X`` alone in the file, lets ``tl.shap`` write to it.

    Raises
    ------
    DataError
        The file does not exist or is not an .h5ad file.

    Examples
    --------
    >>> path = ts.io.write_h5ad(adata, "cohort.h5ad")
    >>> "shap" in ts.io.read_h5ad(path).layers
    True
    """
    import anndata
    import h5py

    path = existing(path)
    if not h5py.is_hdf5(path):
        refuse_other_types(path)
        raise DataError(f"{path} is not an HDF5 file: is it complete, and is it an .h5ad?")
    try:
        with h5py.File(path) as file:
            is_h5ad = "obs" in file and "var" in file
    except (OSError, RuntimeError) as error:
        raise _damaged(path, error) from error
    if not is_h5ad:
        raise DataError(f"{path} is {hdf5_kind(path)}")
    return _read(path, _backed_h5ad if backed else anndata.read_h5ad)


def write_zarr(adata: AnnData, path: str | Path) -> Path:
    """Write an AnnData to a .zarr folder (format 2, which R can read), completely or not at all.

    Parameters
    ----------
    adata
        What to write, as for :func:`write_h5ad`.
    path
        The folder. A folder that this function wrote, and that was not changed since, is
        replaced once everything is written.

    Returns
    -------
    The path.

    Raises
    ------
    DataError
        The folder has files that this function did not write, or the disk is full.

    Examples
    --------
    >>> path = ts.io.write_zarr(adata, "cohort.zarr")
    >>> ts.io.read_zarr(path).shape == adata.shape
    True
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


def read_zarr(path: str | Path, *, backed: bool = False) -> AnnData:
    """Read a .zarr folder.

    Parameters
    ----------
    path
        The folder.
    backed
        Leave ``X``, ``raw`` and all layers in the folder, as for :func:`read_h5ad`.

    Raises
    ------
    DataError
        The folder does not exist or is not an AnnData in zarr.

    Examples
    --------
    >>> path = ts.io.write_zarr(adata, "cohort.zarr")
    >>> "shap" in ts.io.read_zarr(path).layers
    True
    """
    import anndata

    path = Path(path).expanduser()
    if not is_zarr(path):
        raise DataError(f"{path} is not a .zarr folder: check the path")
    needed("zarr", "zarr", "ts.io.read_zarr")
    return _read(path, _backed_zarr if backed else anndata.read_zarr)


def _backed_h5ad(path: Path) -> AnnData:
    import h5py

    return _backed(h5py.File(path, "r"))


def _backed_zarr(path: Path) -> AnnData:
    import zarr

    return _backed(zarr.open_group(str(path), mode="r"))


def _backed(group: Any) -> AnnData:
    """Return an AnnData whose matrices stay in a file."""
    import anndata
    from anndata.io import read_elem, sparse_dataset

    def matrix(element: Any) -> Any:
        kind = str(element.attrs.get("encoding-type", ""))
        return sparse_dataset(element) if kind in ("csr_matrix", "csc_matrix") else element

    in_memory = ("obs", "var", "uns", "obsm", "varm", "obsp", "varp")
    raw, layers = group.get("raw"), group.get("layers", {})
    if not hasattr(raw, "keys"):  # zarr writes that there is none
        raw = None
    return anndata.AnnData(
        X=matrix(group["X"]) if "X" in group else None,
        layers={key: matrix(layers[key]) for key in list(layers.keys())},
        raw=raw and {"X": matrix(raw["X"]), "var": read_elem(raw["var"])},
        **{key: read_elem(group[key]) for key in in_memory if key in group},
    )


def _read(path: Path, reader: Callable[[Path], AnnData]) -> AnnData:
    """Read with anndata, and check what anndata does not."""
    try:
        with warnings.catch_warnings():
            # names with a slash, of which anndata warns, are replaced by read_counts
            warnings.simplefilter("ignore", FutureWarning)
            adata = reader(path)
        _check_sparse(adata, path)
    except DataError:
        raise
    except Exception as error:  # h5py, zarr, anndata and pandas have many for damaged files
        raise _damaged(path, error) from error
    return adata


def _damaged(path: Path, error: Exception) -> DataError:
    kind = "zarr store" if is_zarr(path) else ".h5ad file"
    said = (str(error).splitlines() or [""])[0]
    return DataError(
        f"{path} is a damaged {kind}, or not an AnnData ({type(error).__name__}: {said}): "
        "fetch or write it again"
    )


def _check_sparse(adata: AnnData, path: Path) -> None:
    """Refuse sparse matrices with indices out of bounds, which crash the code that uses them."""
    matrices = {"X": adata.X, "raw.X": None if adata.raw is None else adata.raw.X}
    for group in ("layers", "obsm", "varm", "obsp", "varp"):
        matrices |= {
            f"{group}/{name}": values for name, values in slots.items(adata, group).items()
        }
    for place, values in matrices.items():
        problem = _sparse_problem(values) if sparse.issparse(values) else None
        if problem:
            raise DataError(
                f"{path}, {place}: the sparse matrix is damaged ({problem}): write the file again"
            )


def _sparse_problem(values: Any) -> str | None:
    """Return what is wrong with a CSR or CSC matrix, or None."""
    if values.indices.dtype.kind != "i" or values.indptr.dtype.kind != "i":
        return "indices and indptr must be integers"
    # before scipy's own check, which drops the values after the end of indptr
    if not len(values.indptr) or values.indptr[-1] != len(values.indices):
        return "indptr does not end where indices do"
    if (np.diff(values.indptr) < 0).any():
        return "indptr is not in order"
    try:
        values.check_format(full_check=True)
    except ValueError as error:
        return str(error)
    # keep the file's order of the values: sort a copy
    in_order = values if values.has_sorted_indices else values.sorted_indices()
    return None if in_order.has_canonical_format else "it holds a value twice"


def _placed(path: str | Path) -> Path:
    """Return a path whose folder exists."""
    path = Path(path).expanduser()
    if not path.parent.is_dir():
        raise DataError(f"{path.parent} does not exist: create the folder before writing to it")
    return path


@contextmanager
def _replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary file in the same folder that replaces the file on success."""
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
