"""The files that a user names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tissueshap._core.errors import DataError


def need_files(named: Iterable[tuple[str, Path | None]]) -> None:
    """Refuse missing files before the work starts; each with its option, None is ignored."""
    for option, path in named:
        if path is not None and not path.is_file():
            raise DataError(f"{option}: {path} does not exist (searched from {Path.cwd()})")
