"""The space on a disk."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tissueshap._core.errors import DiskError

#: Error numbers of a full disk or quota; HDF5 has them only in its message.
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def named_if_full(path: Path) -> Iterator[None]:
    """Turn the various errors of a full disk into one that names the path."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = getattr(error, "errno", None)
        if number not in _FULL and not any(os.strerror(n) in str(error) for n in _FULL):
            raise
        raise DiskError(
            f"the disk is full: {path} could not be written ({error}). Make room there or in "
            f"{tempfile.gettempdir()}, or name another place"
        ) from error


def need_space(folder: Path, n_bytes: int) -> None:
    """Refuse to start work whose results would not fit on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DiskError(
            f"the results need about {n_bytes / 1e6:,.0f} MB, but {free / 1e6:,.0f} MB are free on "
            f"the disk of {folder.parent.parent}: make room, or name another place"
        )
