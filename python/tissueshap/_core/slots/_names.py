"""Names of slots under ``key_added``."""

from __future__ import annotations

import re

from tissueshap._core.errors import DataError

#: A single name in HDF5: not a path, ``.`` or ``..``.
_KEY = re.compile(r"(?!\.+$)[^/\0]+")


def named(key: str, key_added: str | None) -> str:
    """Return a slot's name under ``key_added``, which must be a name that files can hold.

    What both have in common is not repeated: ``shap`` under ``log_shap`` is ``log_shap``.
    """
    if key_added is not None and (not isinstance(key_added, str) or not _KEY.fullmatch(key_added)):
        raise DataError(f"key_added must be a name without / such as 'run2', not {key_added!r}")
    if key_added is None:
        return key
    prefix, words = key_added.split("_"), key.split("_")
    shared = range(min(len(prefix) - 1, len(words)), 0, -1)
    n_shared = next((n for n in shared if prefix[-n:] == words[:n]), 0)
    return "_".join([*prefix, *words[n_shared:]])
