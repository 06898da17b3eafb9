"""Folders that appear when they are complete."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tissueshap._core.errors import DataError
from tissueshap._core.folders._disk import named_if_full
from tissueshap._core.folders._lock import LOCK, Owner, locked, machine
from tissueshap._core.folders._manifest import (
    MANIFEST,
    PARTIAL,
    delete_listed,
    entries,
    foreign,
    listed,
    seal,
)
from tissueshap._core.logging import logger

#: In the name of the workspace of a run, of which an ``out`` has one at most.
RUN = f"{PARTIAL}run"
#: The folders of this process that are being written.
_unfinished: set[Path] = set()
#: The workspaces of this process's runs, which stay.
resumable: set[Path] = set()


def check_folder(folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder with files that may not be replaced.

    Parameters
    ----------
    folder
        Where results will be.
    overwrite
        Whether files that this package wrote there may be replaced.

    Raises
    ------
    DataError
        ``folder`` is a file or a broken link, or has files: those of somebody else, or our
        own if these may not be replaced.
    """
    if folder.is_symlink() and not folder.exists():
        raise DataError(
            f"{folder} is a link to {os.readlink(folder)}, which does not exist: create that "
            "folder, or name another"
        )
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder")
    if not folder.exists() or not entries(folder):
        return
    others = foreign(folder)
    if others:
        shown = ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")
        raise DataError(
            f"{folder} holds files that tissueshap did not write, or that were changed since "
            f"({shown}): name another folder, or move them away"
        )
    if not overwrite:
        raise DataError(
            f"{folder} already holds results: name another folder, or replace them with "
            "--overwrite (overwrite=True)"
        )


@contextmanager
def whole_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder to write to, whose contents are moved to ``out`` at the end.

    If the work stops early, by an error or by the user, what was written is removed and
    ``out`` does not change; what a killed process left is removed by the next one. If others
    have filled ``out`` in the meantime, the results are moved to a folder with another name.

    Parameters
    ----------
    out
        The folder for the results. An existing folder, which may be a link or a mount point,
        keeps its place and permissions.
    overwrite
        Whether results that this package wrote there may be replaced.

    Yields
    ------
    pathlib.Path
        A new, empty folder on the same file system.

    Raises
    ------
    DataError
        For the reasons of :func:`check_folder`, at the beginning and at the end; or nothing
        can be written there, or the disk is full.
    """
    out = absolute(out)
    home, prefix = home_of(out)
    if home.is_dir():
        _clear(home, prefix, out)
    check_folder(out, overwrite=overwrite)
    new_parents = missing_parents(out)
    work, lock = _workspace(home, prefix, out)
    _unfinished.add(work / "new")
    try:
        with named_if_full(out):
            yield work / "new"
            seal(work / "new")
        place(work, out, overwrite=overwrite)
    except BaseException:
        shutil.rmtree(work / "new", ignore_errors=True)
        raise
    finally:
        _unfinished.discard(work / "new")
        with lock:
            remove(work, lock)
        remove_empty(new_parents)


def discard() -> bool:
    """Delete unfinished folders, for a process that is about to end; return if a run stays."""
    for folder in _unfinished:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            (folder.parent / LOCK).unlink()
            folder.parent.rmdir()
    return bool(resumable)


def absolute(out: Path) -> Path:
    """Return a path without links resolved, since a link keeps its place."""
    return Path(os.path.abspath(out.expanduser()))


def home_of(out: Path) -> tuple[Path, str]:
    """Return the folder of the workspaces of ``out``, and how their names begin."""
    return (out, PARTIAL) if out.is_dir() else (out.parent, f".{out.name}{PARTIAL}")


def missing_parents(out: Path) -> list[Path]:
    """Return the parents of a folder that do not exist, the innermost first."""
    return [folder for folder in out.parents if not folder.exists()]


def remove_empty(folders: list[Path]) -> None:
    """Remove those of some folders that are empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def writable(out: Path) -> Iterator[None]:
    """Turn the error of a place where nothing can be written into one that names it."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"cannot write results to {out}: {error.strerror}: name a folder where you may write"
        ) from error


def _workspace(home: Path, prefix: str, out: Path) -> tuple[Path, IO[bytes]]:
    """Return a new folder and its lock, which is held until this process ends."""
    with writable(out):
        home.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        (work / "new").mkdir()
        lock = (work / LOCK).open("wb")
        locked(lock)
        Owner.current().sign(lock)
    return work, lock


def _clear(home: Path, prefix: str, out: Path) -> None:
    """Remove what killed processes left, and undo their unfinished work."""
    for work in home.iterdir():
        if not work.name.startswith(prefix) or work.name.endswith(RUN):
            continue
        if not (work / LOCK).is_file():
            continue
        with suppress(OSError), (work / LOCK).open("r+b") as lock:
            owner = Owner.of(lock)
            # On some network file systems the locks of other machines are not visible.
            if owner is None or owner.machine != machine():
                logger.warning(
                    "%s was left by a process on another machine, or before this one was "
                    "restarted: delete it if nothing writes to it any longer",
                    work,
                )
            elif locked(lock):
                logger.info("removing what a killed run left: %s", work)
                restore(work, out)
                shutil.rmtree(work / "new", ignore_errors=True)
                remove(work, lock)


def place(work: Path, out: Path, *, overwrite: bool) -> None:
    """Move finished results to ``out``, or to another name if it has been filled by others."""
    new = work / "new"
    try:
        check_folder(out, overwrite=overwrite)
        if not out.exists():
            new.rename(out)
            return
        _exchange(work, out)
    except (DataError, OSError) as error:
        name = work.name.rpartition("-")[2] if not work.name.endswith(RUN) else str(os.getpid())
        other = work.parent / f"{out.name}-{name}"
        new.rename(other)
        raise DataError(f"{error}. The results are in {other}") from error


def _exchange(work: Path, out: Path) -> None:
    """Move the entries of ``out`` aside and the new ones in, the manifest last."""
    (work / "old").mkdir(exist_ok=True)
    try:
        for entry in entries(out):
            entry.rename(work / "old" / entry.name)
        for entry in sorted((work / "new").iterdir(), key=lambda path: path.name == MANIFEST):
            entry.rename(out / entry.name)
    except BaseException:
        restore(work, out)
        raise


def restore(work: Path, out: Path) -> None:
    """Put the earlier results back if an exchange was interrupted."""
    new, old = work / "new", work / "old"
    if not old.is_dir() or not (new / MANIFEST).exists():
        return
    for name in {Path(name).parts[0] for name in listed(new)}:
        if not (new / name).exists() and (out / name).exists():
            (out / name).rename(new / name)
    for entry in list(old.iterdir()):
        entry.rename(out / entry.name)


def remove(work: Path, lock: IO[bytes]) -> None:
    """Remove a workspace without new results; files of others in the old ones are kept."""
    delete_listed(work / "old")
    if sys.platform == "win32":
        lock.close()  # an open file cannot be deleted there
    (work / LOCK).unlink(missing_ok=True)
    for folder in (work / "new", work):
        with suppress(OSError):
            folder.rmdir()
    if (work / "old").exists():
        logger.warning("files that tissueshap did not write are left in %s", work / "old")
