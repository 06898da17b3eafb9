"""A layer that is written row by row, in memory or directly to a file."""

from __future__ import annotations

import tempfile
import weakref
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import schema, slots

if TYPE_CHECKING:
    from anndata import AnnData

#: Values in a block of rows that is written together, 1 MiB.
_BLOCK = 2**18


class LayerStore:
    """A new layer, samples x genes float32, NaN where nothing has been written.

    For an AnnData that was read with ``backed="r+"`` each row is written directly to the
    file's ``layers``, and :meth:`array` is a view of a scratch file in the same folder. The
    AnnData can then be written anywhere, even over its own file, and the layer is never in
    memory as a whole. Otherwise the layer is an array.

    Parameters
    ----------
    adata
        The AnnData of the layer.
    name
        Its name.
    """

    def __init__(self, adata: AnnData, name: str) -> None:
        self._shape = adata.shape
        self._scratch: IO[bytes] | None = None
        self._array: np.ndarray | None = None
        self._dataset: Any = None
        if writable(adata):
            self._dataset = _dataset(_opened(adata), name, self._shape)
            self._scratch = _scratch(Path(str(adata.filename)).parent, self._shape)
            # Also if an error ends the work.
            weakref.finalize(self, self._scratch.close)
        else:
            self._array = np.full(self._shape, np.nan, dtype=np.float32)

    def write(self, row: int, columns: np.ndarray, values: np.ndarray) -> None:
        """Write the values of one sample in some genes."""
        if self._array is not None:
            self._array[row, columns] = values
            return
        whole = np.full(self._shape[1], np.nan, dtype=np.float32)
        whole[columns] = values
        self._dataset[row] = whole
        self._file.seek(row * whole.nbytes)
        self._file.write(whole.tobytes())

    def array(self) -> np.ndarray:
        """Return the finished layer, which is on disk if the AnnData is backed on disk."""
        if self._array is not None:
            return self._array
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


def _scratch(folder: Path, shape: tuple[int, int]) -> IO[bytes]:
    # It has no name, and is deleted with the last view of it.
    file = tempfile.TemporaryFile(dir=folder)
    step = max(1, _BLOCK // max(1, shape[1]))
    nothing = np.full((min(step, shape[0]), shape[1]), np.nan, dtype=np.float32)
    for start in range(0, shape[0], step):
        file.write(nothing[: shape[0] - start].tobytes())
    return file
