"""Files of values that are whole or known to be damaged."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from tissueshap._core.checkpoints._encode import decode, encode
from tissueshap._core.folders import named_if_full

#: The first bytes of a value; the number is the format's.
_MAGIC = b"tissueshap 1\n"
_LENGTH = struct.Struct("<Q")
_SUM = hashlib.sha256().digest_size


class DamagedError(ValueError):
    """A file is not what was written: its checksum is another, or its end is missing."""


class _Sink(Protocol):
    def write(self, data: Any, /) -> Any: ...


def write(path: Path, value: Any) -> str:
    """Write a value to a file, whole or not at all, and return its checksum.

    Parameters
    ----------
    path
        The file, which is replaced.
    value
        Of the types in :mod:`tissueshap._core.checkpoints`.

    Raises
    ------
    DataError
        The disk is full; an earlier file is as it was.
    """
    with replaced(path) as file:
        return dump(value, file)


@contextmanager
def replaced(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file that replaces a path once it is on the disk."""
    part = path.with_name(f"{path.name}.part")
    try:
        with named_if_full(path):
            with part.open("wb") as file:
                yield file
                on_disk(file)
            part.replace(path)
            _folder_on_disk(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def on_disk(file: IO[bytes]) -> None:
    """Wait until what was written to a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _folder_on_disk(folder: Path) -> None:
    """Wait until a new name in a folder is on the disk; not every system can."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def read(path: Path, checksum: str | None = None) -> Any:
    """Return the value in a file.

    Parameters
    ----------
    path
        The file.
    checksum
        What :func:`write` returned, if it was recorded elsewhere.

    Raises
    ------
    DamagedError
        The file is missing or damaged, or has another checksum.
    """
    try:
        with path.open("rb") as file:
            value, found = load(file)
    except OSError as error:
        raise DamagedError(f"{path} cannot be read: {error.strerror}") from error
    if checksum is not None and found != checksum:
        raise DamagedError(f"{path} has another checksum")
    return value


def digest(value: Any) -> str:
    """Return a string that is the same for equal values of equal types."""
    return dump(value, _Nowhere())


class _Nowhere:
    def write(self, data: Any, /) -> None:
        pass


def dump(value: Any, file: _Sink) -> str:
    """Write a value and its checksum to an open file, and return the checksum."""
    arrays: list[np.ndarray] = []
    encoded = encode(value, arrays)
    described = [
        {"dtype": array.dtype.str, "shape": array.shape, "order": _order(array)} for array in arrays
    ]
    header = json.dumps({"value": encoded, "arrays": described}, separators=(",", ":")).encode()
    total = hashlib.sha256()
    parts: list[Any] = [_MAGIC, _LENGTH.pack(len(header)), header, *map(_bytes, arrays)]
    for part in parts:
        total.update(part)
        file.write(part)
    file.write(total.digest())
    return total.hexdigest()


def load(file: IO[bytes]) -> tuple[Any, str]:
    """Return the next value of an open file, and its checksum.

    Raises
    ------
    DamagedError
        It is damaged, or the file ends in it.
    """
    total = hashlib.sha256()
    try:
        start = _exactly(file, len(_MAGIC) + _LENGTH.size, total)
        if not start.startswith(_MAGIC):
            raise DamagedError("not a checkpoint of this version")
        (length,) = _LENGTH.unpack(start[len(_MAGIC) :])
        content = json.loads(_exactly(file, length, total))
        arrays = [_filled(file, described, total) for described in content["arrays"]]
        if file.read(_SUM) != total.digest():
            raise DamagedError("the checksum is another")
        return decode(content["value"], arrays), total.hexdigest()
    except DamagedError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, MemoryError, RecursionError) as error:
        raise DamagedError(str(error)) from error


def _order(array: np.ndarray) -> str:
    return "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"


def _bytes(array: np.ndarray) -> Any:
    flat = array.ravel(order="F" if _order(array) == "F" else "C")
    return np.ascontiguousarray(flat).view(np.uint8).data


def _exactly(file: IO[bytes], size: int, total: Any) -> bytes:
    if size > _left(file):
        raise DamagedError("the file ends early")
    data = file.read(size)
    total.update(data)
    return data


def _filled(file: IO[bytes], described: dict[str, Any], total: Any) -> np.ndarray:
    dtype, shape = np.dtype(described["dtype"]), tuple(described["shape"])
    if dtype.hasobject:
        raise DamagedError("an array of objects")
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if size > _left(file):
        raise DamagedError("the file ends early")
    flat = np.empty(size, dtype=np.uint8)
    if size and file.readinto(flat.data) != size:  # type: ignore[attr-defined]
        raise DamagedError("the file ends early")
    total.update(flat.data)
    array: np.ndarray = flat.view(dtype).reshape(shape, order=described["order"])
    return array


def _left(file: IO[bytes]) -> int:
    """Return the number of bytes to the end of a file, so that no length is believed."""
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return end - here
