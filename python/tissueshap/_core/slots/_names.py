"""Names of slots under ``key_added``."""

from __future__ import annotations

import re

from tissueshap._core.errors import DataError

#: A single name in HDF5: not a path, ``.`` or ``..``.
_KEY = re.compile(r"(?!\.+$)[^/\0]+")


def named(key: str, key_added: str | None) -> str:
    """Return a slot's name under ``key_added``, which must be a name that files can hold."""
    if key_added is not None and (not isinstance(key_added, str) or not _KEY.fullmatch(key_added)):
        raise DataError(f"key_added must be a name without / such as 'run2', not {key_added!r}")
    return key if key_added is None else f"{key_added}_{key}"
