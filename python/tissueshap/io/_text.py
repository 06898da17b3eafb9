"""Open text files, plain or gzip, with errors that say what is wrong with them."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tissueshap._core.errors import DataError
from tissueshap.io._file_type import refuse_folder, refuse_other_types

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 24
#: A gzip file that unpacks to more than this many times its size, and to more than so many
#: bytes, is not a table of numbers: real ones grow 3 to 60 times, zeros alone 500 to 1,000.
_MOST_GROWTH, _UNLIMITED_BYTES = 250, 1 << 28


def existing(path: str | Path) -> Path:
    """Return the path of a file that exists and is not empty, or raise."""
    path = Path(path).expanduser()
    refuse_folder(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: check the path (searched from {Path.cwd()})")
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty: it may be an unfinished download; fetch it again")
    return path


def count_lines(path: Path) -> int:
    """Return the number of lines of a text file, plain or gzip."""
    lines, last = 0, "\n"
    with open_text(path) as handle:
        while text := handle.read(_CHUNK):
            lines, last = lines + text.count("\n"), text[-1]
    return lines + (last != "\n")


@contextmanager
def open_text(path: str | Path) -> Iterator[TextIO]:
    """Open a text file for reading; gzip is recognised by its content, not by its name."""
    path = existing(path)
    refuse_other_types(path)
    with path.open("rb") as raw:
        zipped = raw.read(2) == _GZIP_MAGIC
    if path.suffix == ".gz" and not zipped:
        raise DataError(
            f"{path} ends in .gz but is not a gzip file: rename it if it is plain text, "
            "or fetch it again"
        )
    source = _Bounded(path) if zipped else path.open("rb")
    try:
        with io.TextIOWrapper(source, encoding="utf-8-sig") as handle:  # type: ignore[type-var]
            yield handle
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}): fetch it again") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is not UTF-8 text (byte {error.object[error.start]:#04x}): save it as "
            "UTF-8, or as .h5ad if it is a binary table"
        ) from error


class _Bounded(gzip.GzipFile):
    """A gzip file that is refused if it unpacks to far more data than a table could."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self._path = path
        self._limit = max(_UNLIMITED_BYTES, _MOST_GROWTH * path.stat().st_size)
        self._read = 0

    def read1(self, size: int | None = -1) -> bytes:
        """Return some bytes; text is read this way."""
        data = super().read1(-1 if size is None else size)
        self._read += len(data)
        if self._read > self._limit:
            raise DataError(
                f"{self._path} unpacks to more than {_MOST_GROWTH} times its size, which tables "
                "do not: if it is the right file, unpack it with gunzip and pass the unpacked file"
            )
        return data


def first(names: Iterable[object], n: int = 5) -> str:
    """Return the first few names for a message: ``'a', 'b' and 7 more``."""
    names = [str(name) for name in names]
    shown = ", ".join(repr(name) for name in names[:n])
    return f"{shown} and {len(names) - n:,} more" if len(names) > n else shown or "none"


def duplicates(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, in order of first repetition."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for name in names:
        if name in seen:
            twice[name] = None
        seen.add(name)
    return list(twice)
