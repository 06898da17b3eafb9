"""Folders of results: written completely or not at all, and replacing only our own files.

A finished folder has a manifest of its files. Files that are not listed, or have changed,
belong to somebody else: a folder with such files is never replaced.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger

#: Lists the files of a finished folder, each with its size and SHA-256.
MANIFEST = ".tissueshap.json"

_PARTIAL = ".tissueshap-partial-"
#: The folders of this process that are being written.
_unfinished: set[Path] = set()
_BOOT = Path("/proc/sys/kernel/random/boot_id")
#: Error numbers of a full disk or quota; HDF5 has them only in its message.
_FULL = (errno.ENOSPC, errno.EDQUOT)


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
    if not folder.exists() or not _entries(folder):
        return
    foreign = _foreign(folder)
    if foreign:
        shown = ", ".join(foreign[:5]) + (", ..." if len(foreign) > 5 else "")
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
    out = Path(os.path.abspath(out.expanduser()))
    inside = out.is_dir()
    home, prefix = (out, _PARTIAL) if inside else (out.parent, f".{out.name}{_PARTIAL}")
    if home.is_dir():
        _clear(home, prefix, out)
    check_folder(out, overwrite=overwrite)
    new_parents = [folder for folder in out.parents if not folder.exists()]
    work, lock = _workspace(home, prefix, out)
    _unfinished.add(work / "new")
    try:
        with named_if_full(out):
            yield work / "new"
            _seal(work / "new")
        _place(work, out, overwrite=overwrite)
    except BaseException:
        shutil.rmtree(work / "new", ignore_errors=True)
        raise
    finally:
        _unfinished.discard(work / "new")
        with lock:
            _remove(work, lock)
        for folder in new_parents:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def named_if_full(path: Path) -> Iterator[None]:
    """Turn the various errors of a full disk into one that names the path."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        number = getattr(error, "errno", None)
        if number not in _FULL and not any(os.strerror(n) in str(error) for n in _FULL):
            raise
        raise DataError(
            f"the disk is full: {path} could not be written ({error}). Make room there or in "
            f"{tempfile.gettempdir()}, or name another place"
        ) from error


def discard() -> None:
    """Delete unfinished folders, for a process that is about to end."""
    for folder in _unfinished:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            (folder.parent / "lock").unlink()
            folder.parent.rmdir()


def need_space(folder: Path, n_bytes: int) -> None:
    """Refuse to start work whose results would not fit on the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if free < n_bytes:
        raise DataError(
            f"the results need about {n_bytes / 1e6:,.0f} MB, but {free / 1e6:,.0f} MB are free on "
            f"the disk of {folder.parent.parent}: make room, or name another place"
        )


def _entries(folder: Path) -> list[Path]:
    """Return the entries of a folder, except those that a process is writing."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith(_PARTIAL))


def _files(folder: Path) -> Iterator[str]:
    """Yield all files below a folder, relative to it; links are not followed."""
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder:
            folders[:] = [name for name in folders if not name.startswith(_PARTIAL)]
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        for name in (*names, *links):
            yield os.path.relpath(os.path.join(parent, name), folder)


def _described(file: Path) -> list[int | str]:
    with file.open("rb") as handle:
        return [file.stat().st_size, hashlib.file_digest(handle, "sha256").hexdigest()]


def _seal(folder: Path) -> None:
    """Write the manifest of a finished folder."""
    listed = {name: _described(folder / name) for name in sorted(_files(folder))}
    text = json.dumps({"files": listed}, indent=0)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _listed(folder: Path) -> dict[str, list[int | str]]:
    try:
        files = json.loads((folder / MANIFEST).read_bytes())["files"]
        return {str(name): list(value) for name, value in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _foreign(folder: Path) -> list[str]:
    """Return the files that the manifest does not list, or lists with other contents."""
    listed = _listed(folder)

    def ours(name: str) -> bool:
        file = folder / name
        if name not in listed or file.is_symlink() or not file.is_file():
            return False
        return file.stat().st_size == listed[name][0] and _described(file) == listed[name]

    if not listed:
        return [path.name for path in _entries(folder)]
    return [name for name in sorted(_files(folder)) if name != MANIFEST and not ours(name)]


def _delete_listed(folder: Path) -> None:
    """Delete the files that the manifest lists, and the folders that this leaves empty."""
    for name in {MANIFEST, *_listed(folder)}.intersection(_files(folder)):
        (folder / name).unlink()
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(parent)


def _workspace(home: Path, prefix: str, out: Path) -> tuple[Path, IO[bytes]]:
    """Return a new folder and its lock, which is held until this process ends."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=home))
        (work / "new").mkdir()
        lock = (work / "lock").open("wb")
        locked(lock)
        lock.write(_machine())
        lock.flush()
    except OSError as error:
        raise DataError(
            f"cannot write results to {out}: {error.strerror}: name a folder where you may write"
        ) from error
    return work, lock


def locked(lock: IO[bytes]) -> bool:
    """Acquire a lock if it is free; this always fails on file systems without locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _machine() -> bytes:
    """Return an identifier that containers on one running machine share."""
    try:
        return _BOOT.read_bytes().strip()
    except OSError:
        return platform.node().encode()


def _clear(home: Path, prefix: str, out: Path) -> None:
    """Remove what killed processes left, and undo their unfinished work."""
    for work in home.iterdir():
        if not work.name.startswith(prefix) or not (work / "lock").is_file():
            continue
        with suppress(OSError), (work / "lock").open("r+b") as lock:
            machine = lock.read()
            # On some network file systems the locks of other machines are not visible.
            if machine != _machine():
                logger.warning(
                    "%s was left by a run on another machine, or before this one was restarted: "
                    "delete it if nothing writes to it any longer",
                    work,
                )
            elif locked(lock):
                logger.info("removing what a killed run left: %s", work)
                _restore(work, out)
                shutil.rmtree(work / "new", ignore_errors=True)
                _remove(work, lock)


def _place(work: Path, out: Path, *, overwrite: bool) -> None:
    """Move finished results to ``out``, or to another name if it has been filled by others."""
    new = work / "new"
    try:
        check_folder(out, overwrite=overwrite)
        if not out.exists():
            new.rename(out)
            return
        _exchange(work, out)
    except (DataError, OSError) as error:
        place = work.parent / f"{out.name}-{work.name.rpartition('-')[2]}"
        new.rename(place)
        raise DataError(f"{error}. The results are in {place}") from error


def _exchange(work: Path, out: Path) -> None:
    """Move the entries of ``out`` aside and the new ones in, the manifest last."""
    (work / "old").mkdir()
    try:
        for entry in _entries(out):
            entry.rename(work / "old" / entry.name)
        for entry in sorted((work / "new").iterdir(), key=lambda path: path.name == MANIFEST):
            entry.rename(out / entry.name)
    except BaseException:
        _restore(work, out)
        raise


def _restore(work: Path, out: Path) -> None:
    """Put the earlier results back if an exchange was interrupted."""
    new, old = work / "new", work / "old"
    if not old.is_dir() or not (new / MANIFEST).exists():
        return
    for name in {Path(name).parts[0] for name in _listed(new)}:
        if not (new / name).exists() and (out / name).exists():
            (out / name).rename(new / name)
    for entry in list(old.iterdir()):
        entry.rename(out / entry.name)


def _remove(work: Path, lock: IO[bytes]) -> None:
    """Remove a workspace without new results; files of others in the old ones are kept."""
    _delete_listed(work / "old")
    if sys.platform == "win32":
        lock.close()  # an open file cannot be deleted there
    (work / "lock").unlink(missing_ok=True)
    for folder in (work / "new", work):
        with suppress(OSError):
            folder.rmdir()
    if (work / "old").exists():
        logger.warning("files that tissueshap did not write are left in %s", work / "old")
