"""A layer that is written row by row, in memory or directly to a file."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.folders import named_if_full
from tissueshap._core.lazy import Columns, is_large
from tissueshap._core.part import Part

if TYPE_CHECKING:
    from anndata import AnnData

#: Values in a block of rows that is written together, 1 MiB.
_BLOCK = 2**18


class LayerStore:
    """A new layer, samples x genes float32, NaN where nothing has been written.

    For an AnnData that was read with ``backed="r+"`` each row is written directly to the
    file's ``layers``, and :meth:`array` is a view of a scratch file in the same folder. The
    AnnData can then be written anywhere, even over its own file, and the layer is never in
    memory as a whole. If the matrices are on disk, but the file cannot be written to, there is
    the scratch file alone. Otherwise the layer is an array.

    Parameters
    ----------
    adata
        The AnnData of the layer.
    name
        Its name.
    """

    def __init__(self, adata: AnnData, name: str) -> None:
        self._columns = adata.columns if isinstance(adata, Part) else None
        whole = adata.whole if isinstance(adata, Part) else adata
        self._shape = whole.shape
        self._scratch: IO[bytes] | None = None
        self._array: np.ndarray | None = None
        self._dataset: Any = None
        if writable(whole):
            self._dataset = _dataset(_opened(whole), name, self._shape)
        if writable(whole) or any(map(is_large, (whole.X, *whole.layers.values()))):
            self._scratch = _scratch(_folder(whole), self._shape)
            # Also if an error ends the work.
            weakref.finalize(self, self._scratch.close)
        else:
            self._array = np.full(self._shape, np.nan, dtype=np.float32)

    def write(self, row: int, columns: np.ndarray, values: np.ndarray) -> None:
        """Write the values of one sample in some genes."""
        if self._columns is not None:
            columns = self._columns[columns]
        if self._array is not None:
            self._array[row, columns] = values
            return
        whole = np.full(self._shape[1], np.nan, dtype=np.float32)
        whole[columns] = values
        if self._dataset is not None:
            self._dataset[row] = whole
        self._file.seek(row * whole.nbytes)
        self._file.write(whole.tobytes())

    def array(self) -> Any:
        """Return the finished layer, which is on disk if the AnnData is backed on disk.

        Of a part of the genes it is the layer of all, narrowed.
        """
        whole = self._finished()
        return whole if self._columns is None else Columns(whole, self._columns)

    def _finished(self) -> np.ndarray:
        if self._array is not None:
            return self._array
        if self._dataset is not None:
            self._dataset.file.flush()
        self._file.flush()
        mapped = np.memmap(self._file, dtype=np.float32, mode="r+", shape=self._shape)
        self._file.close()  # the map keeps it
        # anndata can only write plain arrays.
        return mapped.view(np.ndarray)

    @property
    def _file(self) -> IO[bytes]:
        if self._scratch is None:
            raise RuntimeError("an array has no file")
        return self._scratch


def writable(adata: AnnData) -> bool:
    """Return whether an AnnData is backed by a file that can be written to."""
    return bool(adata.isbacked) and adata.file._filemode == "r+"


def keep_in_file(adata: AnnData, *, varm: tuple[str, ...] = ()) -> None:
    """Write the records, and some frames, of an AnnData into the file that backs it."""
    if not writable(adata):
        return
    from anndata.io import write_elem

    file = _opened(adata)
    write_elem(_group(file, "uns"), schema.UNS, slots.record(adata))
    for key in varm:
        write_elem(_group(file, "varm"), key, adata.varm[key])
    file.flush()


def _opened(adata: AnnData) -> Any:
    if not adata.file.is_open:
        adata.file.open()
    return adata.file._file


def _group(file: Any, name: str) -> Any:
    if name not in file:
        from anndata.io import write_elem

        write_elem(file, name, {})
    return file[name]


def _dataset(file: Any, name: str, shape: tuple[int, int]) -> Any:
    layers = _group(file, "layers")
    if name in layers:
        del layers[name]
    dataset = layers.create_dataset(
        name, shape, dtype=np.float32, chunks=(1, shape[1]), fillvalue=np.nan
    )
    dataset.attrs["encoding-type"] = "array"
    dataset.attrs["encoding-version"] = "0.2.0"
    return dataset


def _folder(adata: AnnData) -> Path:
    """Return the folder of the scratch file: that of the file, if it can be written to."""
    own = Path(str(adata.filename)).parent if adata.isbacked else None
    return own if own is not None and os.access(own, os.W_OK) else Path(tempfile.gettempdir())


def _scratch(folder: Path, shape: tuple[int, int]) -> IO[bytes]:
    # It has no name, and is deleted with the last view of it.
    with named_if_full(folder):
        file = tempfile.TemporaryFile(dir=folder)
        step = max(1, _BLOCK // max(1, shape[1]))
        nothing = np.full((min(step, shape[0]), shape[1]), np.nan, dtype=np.float32)
        for start in range(0, shape[0], step):
            file.write(nothing[: shape[0] - start].tobytes())
    return file
