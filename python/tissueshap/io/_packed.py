"""Large matrices in .h5ad files, compressed by several threads."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core.settings import settings

if TYPE_CHECKING:
    import h5py
    from anndata import AnnData

#: Values of a chunk, whole samples if a sample is not longer; as R's `h5_chunk()` has it.
_CHUNK = 131072
#: Bytes from which on a matrix is compressed here.
_LARGE = 2**20
#: gzip's level. Level 4 takes a third longer, for a file that is 1 to 4 % smaller.
_LEVEL = 1
#: Chunks that wait to be written, per thread.
_AHEAD = 4
#: How everything else is written.
_SMALL = {"compression": "gzip"}


def write_elements(adata: AnnData, file: h5py.File) -> None:
    """Write an AnnData to an empty HDF5 file, as ``adata.write_h5ad`` does.

    HDF5 compresses one chunk after the other, on one core. Here threads compress the chunks of
    large matrices; the file has the same filters, which every reader of HDF5 knows.
    """
    from anndata.experimental import write_dispatched

    file.attrs.update({"encoding-type": "anndata", "encoding-version": "0.1.0"})
    for name, element in _elements(adata):
        write_dispatched(file, name, element, _written, dataset_kwargs=_SMALL)


def _elements(adata: AnnData) -> Iterator[tuple[str, Any]]:
    # Earlier versions of anndata cannot read an X or raw that is None.
    yield from (
        (name, getattr(adata, name)) for name in ("X", "raw") if getattr(adata, name) is not None
    )
    yield from ((name, getattr(adata, name)) for name in ("obs", "var"))
    for name in ("obsm", "varm", "obsp", "varp", "layers", "uns"):
        held = getattr(adata, name)
        # Since anndata 0.13, X is among the layers, without a name.
        yield name, {key: held[key] for key in held if key is not None}


def _written(
    write: Callable[..., None],
    group: h5py.Group,
    key: str,
    element: Any,
    *,
    dataset_kwargs: Mapping[str, Any],
    iospec: Any,
) -> None:
    """Write an element: a large matrix here, everything else by anndata."""
    if iospec.encoding_type != "array" or not _is_large(element):
        write(group, key, element, dataset_kwargs=dataset_kwargs)
        return
    dataset = _write_matrix(group, key, element)
    dataset.attrs["encoding-type"] = iospec.encoding_type
    dataset.attrs["encoding-version"] = iospec.encoding_version


def _is_large(element: Any) -> bool:
    import h5py

    if isinstance(element, np.ma.MaskedArray) or not isinstance(element, np.ndarray | h5py.Dataset):
        return False
    is_matrix = element.ndim == 2 and element.dtype.kind in "iuf"
    return is_matrix and element.nbytes >= _LARGE


def _write_matrix(group: h5py.Group, key: str, values: Any) -> h5py.Dataset:
    """Write a matrix, of which only some chunks are in memory at a time."""
    n_rows, n_columns = values.shape
    width = min(n_columns, _CHUNK)
    chunk = (min(n_rows, max(1, _CHUNK // width)), width)
    shuffled = _pays_to_shuffle(values, chunk)
    dataset = group.create_dataset(
        key,
        shape=values.shape,
        dtype=values.dtype,
        chunks=chunk,
        compression="gzip",
        compression_opts=_LEVEL,
        shuffle=shuffled,
    )
    places = [(row, at) for row in range(0, n_rows, chunk[0]) for at in range(0, n_columns, width)]
    waiting: deque[tuple[tuple[int, int], Future[bytes]]] = deque()

    def write_first() -> None:
        place, content = waiting.popleft()
        dataset.id.write_direct_chunk(place, content.result())

    with ThreadPoolExecutor(settings.cores, thread_name_prefix="chunks") as pool:
        for row, at in places:
            block = values[row : row + chunk[0], at : at + width]
            waiting.append(((row, at), pool.submit(_compressed, block, chunk, shuffled)))
            if len(waiting) > _AHEAD * settings.cores:
                write_first()
        while waiting:
            write_first()
    return dataset


def _pays_to_shuffle(values: Any, chunk: tuple[int, int]) -> bool:
    """Return whether chunks are smaller if the first bytes of all values come first, and so on.

    It depends on the values: those of SHAP and counts are, but a sample's normalised counts, of
    which many are the same, are not.
    """
    n_rows = values.shape[0]
    starts = (0, n_rows // 2, n_rows - 1)
    blocks = [values[row : row + chunk[0], : chunk[1]] for row in starts]
    plain, shuffled = (
        sum(len(_compressed(block, chunk, shuffle)) for block in blocks)
        for shuffle in (False, True)
    )
    return shuffled < plain


def _compressed(block: np.ndarray, chunk: tuple[int, int], shuffled: bool) -> bytes:
    """Return a chunk as HDF5's filters make it; one at an edge is filled up."""
    if block.shape != chunk:
        full = np.zeros(chunk, dtype=block.dtype)
        full[: block.shape[0], : block.shape[1]] = block
        block = full
    block = np.ascontiguousarray(block)
    if not shuffled:
        return zlib.compress(block.data, _LEVEL)
    of_values = block.view(np.uint8).reshape(-1, block.dtype.itemsize)
    return zlib.compress(of_values.T.tobytes(), _LEVEL)
