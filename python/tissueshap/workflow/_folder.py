"""A folder of results that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tissueshap._errors import DataError

#: Every finished run has this file; a folder without it is not ours to replace.
SUMMARY = "summary.json"


def check_out(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that holds something, before any work starts.

    Raises
    ------
    DataError
        ``out`` is a file, or holds files and may not be replaced, or holds files
        that no earlier run has made.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"{out} is a file; name a folder for the results")
    if not any(out.iterdir()):
        return
    if not (out / SUMMARY).is_file():
        raise DataError(
            f"{out} holds files that are not the results of a run (no {SUMMARY}); "
            "name another folder"
        )
    if not overwrite:
        raise DataError(
            f"{out} already holds the results of a run; name another folder, or replace "
            "them with --overwrite"
        )


@contextmanager
def whole_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a folder beside ``out`` to write in, and move it into place at the end.

    When the work stops early, by an error or by the user, the partial folder is
    removed and ``out`` is as it was. Where ``out`` was filled by others meanwhile,
    finished results, which may have taken hours, go into a folder beside it.

    Parameters
    ----------
    out
        The folder that the results are for.
    overwrite
        Whether results of an earlier run may be replaced.

    Yields
    ------
    pathlib.Path
        A new, empty folder on the same file system.

    Raises
    ------
    DataError
        As :func:`check_out`, at the beginning and at the end, or the folder cannot be
        made.
    """
    check_out(out, overwrite=overwrite)
    out = Path(os.path.abspath(out))
    partial = out.parent / f".{out.name}.partial-{os.getpid()}"
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise DataError(f"cannot write beside {out}: {error.strerror}") from error
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    try:
        _move(partial, out, overwrite=overwrite)
    except (DataError, OSError) as error:
        kept = out.with_name(f"{out.name}-{os.getpid()}")
        partial.rename(kept)
        raise DataError(f"{error}. The results of this run are in {kept}") from error


def _move(partial: Path, out: Path, *, overwrite: bool) -> None:
    check_out(out, overwrite=overwrite)  # it may have been filled meanwhile
    if not out.exists():
        partial.rename(out)
        return
    earlier = out.parent / f".{out.name}.earlier-{os.getpid()}"
    out.rename(earlier)
    try:
        partial.rename(out)
    except OSError:
        earlier.rename(out)
        raise
    shutil.rmtree(earlier)
