"""The manifest of a finished folder: its files, each with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Lists the files of a finished folder, each with its size and SHA-256.
MANIFEST = ".tissueshap.json"
#: In the names of workspaces.
PARTIAL = ".tissueshap-partial-"


def entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, except those that a process is writing."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(PARTIAL))


def files(folder: Path) -> Iterator[str]:
    """Yield all files below a folder, relative to it; links are not followed."""
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder:
            folders[:] = [name for name in folders if not name.startswith(PARTIAL)]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*names, *links):
            yield os.path.relpath(os.path.join(parent, name), folder)


def described(file: Path) -> list[int | str]:
    """Return the size and the SHA-256 of a file."""
    with file.open("rb") as handle:
        return [file.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()]


def seal(folder: Path) -> None:
    """Write the manifest of a finished folder."""
    names = sorted(name for name in files(folder) if name != MANIFEST)
    by_name = {name: described(folder / name) for name in names}
    text = json.dumps({"files": by_name}, indent=0)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def listed(folder: Path) -> dict[str, list[int | str]]:
    """Return what the manifest of a folder lists; nothing without a manifest."""
    try:
        by_name = json.loads((folder / MANIFEST).read_bytes())["files"]
        return {str(name): list(value) for name, value in by_name.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def foreign(folder: Path) -> list[str]:
    """Return the files that the manifest does not list, or lists with other contents."""
    by_name = listed(folder)

    def ours(name: str) -> bool:
        file = folder / name
        if name not in by_name or file.is_symlink() or not file.is_file():
            return False
        return file.stat().st_size == by_name[name][0] and described(file) == by_name[name]

    if not by_name:
        return [path.name for path in entries(folder)]
    return [name for name in sorted(files(folder)) if name != MANIFEST and not ours(name)]


def delete_listed(folder: Path) -> None:
    """Delete the files that the manifest lists, and the folders that this leaves empty."""
    for name in {MANIFEST, *listed(folder)}.intersection(files(folder)):
        (folder / name).unlink()
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(parent)
