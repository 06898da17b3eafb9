"""One file from one address: what has arrived is kept, and only the rest is requested.

pooch, which keeps the files, downloads whole files only; GTEx's have gigabytes.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import http
import http.client
import json
import os
import re
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap._core.progress import progress

#: Seconds without a byte after which a server counts as stalled.
PATIENCE = 60.0
#: Attempts that bring nothing new before an address is given up, and seconds between them.
ATTEMPTS, PAUSE = 4, 2.0

_BLOCK = 1 << 20
#: Compressed files show by themselves where they end.
_COMPRESSED = (".gz", ".zip")
#: Error numbers of a full disk or quota.
_FULL = (errno.ENOSPC, errno.EDQUOT)


class RefusedError(DataError):
    """An address has not delivered the file: another one may."""


@dataclass(frozen=True)
class _Whole:
    """The whole file that a server describes.

    Attributes
    ----------
    size
        Bytes, or None if the server does not state it.
    version
        Its entity tag or date: parts of two versions are not put together.
    md5
        Its MD5, if the server states it, as Google's storage does.
    """

    size: int | None
    version: str | None
    md5: str | None


def receive(url: str, part: Path) -> None:
    """Download a file to ``part``, which may have the start of it already.

    Parameters
    ----------
    url
        An address (http, https or file).
    part
        The file to write. It is kept if the connection breaks, and removed if it is damaged.

    Raises
    ------
    RefusedError
        The address does not answer, breaks off repeatedly, or delivers a damaged file.
    DataError
        The disk is full.
    OSError
        The disk fails.
    """
    without_progress = 0
    while True:
        before = _size(part)
        try:
            whole = _append(url, part)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                raise RefusedError(f"{url}: {error}") from error
            if _of_the_disk(error):
                raise
            trouble = str(error) or type(error).__name__
        else:
            if whole.size is None or _size(part) >= whole.size:
                break
            trouble = f"the connection ended after {_size(part):,} of {whole.size:,} bytes"
        without_progress = 0 if _size(part) > before else without_progress + 1
        if without_progress >= ATTEMPTS or url.startswith("file:"):
            raise RefusedError(f"{url}: {trouble}")
        logger.info("%s: %s; it goes on from there", part.stem, trouble)
        time.sleep(PAUSE * without_progress)
    _verify(url, part, whole)


def size_of(url: str) -> int | None:
    """Return the bytes of a file as its server states them, or None if it does not."""
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=min(PATIENCE, 10)) as response:
            return _number(response.headers["Content-Length"])
    except (OSError, http.client.HTTPException):
        return None


def discard(part: Path) -> None:
    """Remove a part, and what is known of the whole."""
    part.unlink(missing_ok=True)
    _note(part).unlink(missing_ok=True)


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Return a file's hash."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _append(url: str, part: Path) -> _Whole:
    """Append what a part lacks; return what the server says of the whole."""
    known = _recall(part)
    start = _size(part) if known is not None else 0
    if known is not None and known.size == start:
        return known
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    try:
        response = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if start and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            error.close()
            discard(part)  # another file than the one that this is a part of
            return _append(url, part)
        raise
    with response:
        start, whole = _described(response, start)
        if start and known is not None:
            if (known.size, known.version) != (whole.size, whole.version):
                discard(part)  # the file has changed, or this address has another version
                return _append(url, part)
            whole = known
        if whole.size is None and not url.endswith(_COMPRESSED):
            raise RefusedError(
                f"{url}: the server does not state the size, so that it cannot be seen whether "
                "all has arrived"
            )
        _check_room(part, None if whole.size is None else whole.size - start, url)
        _note(part).write_text(json.dumps(vars(whole)), encoding="utf-8")
        _write(response, part, start, whole.size)
    return whole


def _described(response: Any, start: int) -> tuple[int, _Whole]:
    """Return where a response starts, and what it says of the whole file."""
    headers: Message = response.headers
    length = _number(headers["Content-Length"])
    if getattr(response, "status", None) == http.HTTPStatus.PARTIAL_CONTENT:
        stated = re.match(r"bytes (\d+)-\d+/(\d+|\*)", headers["Content-Range"] or "")
        if stated is None or int(stated[1]) != start:
            raise http.client.HTTPException("the server sent another range than the one asked for")
        size = _number(stated[2])
    else:
        start, size = 0, length
    version = headers["ETag"] or headers["Last-Modified"]
    hashes = ",".join(headers.get_all("x-goog-hash", []))
    stated_md5 = re.search(r"\bmd5=([\w+/]+=*)", hashes)
    md5 = base64.b64decode(stated_md5[1]).hex() if stated_md5 else None
    return start, _Whole(size, version, md5)


def _write(response: Any, part: Path, start: int, size: int | None) -> None:
    rest = None if size is None else size - start
    with (
        part.open("ab" if start else "wb") as out,
        progress(None, desc=part.stem, total=rest, unit="byte", unit_scale=True) as shown,
    ):
        try:
            while block := response.read1(_BLOCK):
                out.write(block)
                shown.update(len(block))
        finally:
            out.flush()
            os.fsync(out.fileno())


def _verify(url: str, part: Path, whole: _Whole) -> None:
    """Remove a part that is longer than the file, or has another MD5."""
    too_long = whole.size is not None and _size(part) > whole.size
    if too_long or (whole.md5 is not None and digest(part, "md5") != whole.md5):
        discard(part)
        raise RefusedError(f"{url}: what arrived is damaged (another size or MD5) and was removed")


def _check_room(part: Path, needed: int | None, url: str) -> None:
    free = shutil.disk_usage(part.parent).free
    if needed is not None and needed > free:
        raise DataError(
            f"{url} needs {needed:,} bytes and {part.parent} has {free:,} free: make room, or "
            "choose another folder"
        )


def _of_the_disk(error: Exception) -> bool:
    """Return whether an error is of this machine's disk, not of the connection."""
    if isinstance(error, urllib.error.URLError) or not isinstance(error, OSError):
        return False
    return error.filename is not None or error.errno in _FULL


def _recall(part: Path) -> _Whole | None:
    """Return what was noted of the file when a part was written, or None."""
    try:
        return _Whole(**json.loads(_note(part).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
