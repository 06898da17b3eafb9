"""The folder of a run, whose workspace outlives a process that is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tissueshap._core.errors import DataError
from tissueshap._core.folders._disk import named_if_full
from tissueshap._core.folders._lock import LOCK, Owner, locked
from tissueshap._core.folders._manifest import MANIFEST, PARTIAL, seal
from tissueshap._core.folders._whole import (
    RUN,
    absolute,
    check_folder,
    home_of,
    missing_parents,
    place,
    remove,
    remove_empty,
    restore,
    resumable,
    writable,
)
from tissueshap._core.logging import logger


@dataclass
class Workspace:
    """Where a run writes.

    Attributes
    ----------
    folder
        The workspace.
    worth_keeping
        Whether it is kept if the run stops early, set by the run.
    """

    folder: Path
    worth_keeping: bool = False

    @property
    def new(self) -> Path:
        """The results, moved to ``out`` when they are complete."""
        return self.folder / "new"

    @property
    def kept(self) -> Path:
        """What is finished, for the next process; removed when the results are complete."""
        return self.folder / "kept"


@contextmanager
def resumable_folder(
    out: Path, *, overwrite: bool, resume: bool, describe: Callable[[Path], str | None]
) -> Iterator[Workspace]:
    """Yield the workspace of a run, whose results are moved to ``out`` at the end.

    Only one process can have it. If the run stops early, the workspace stays if it is worth
    keeping, as it does if the process is killed; otherwise it is removed.

    Parameters
    ----------
    out, overwrite
        As for :func:`whole_folder`.
    resume
        Whether to continue in the workspace of a run that was stopped; otherwise it is removed
        with `overwrite`, or if it is not worth keeping.
    describe
        Returns in words what a workspace has kept; None if that is not worth keeping.

    Raises
    ------
    DataError
        As for :func:`whole_folder`; or another process is writing, or the workspace of a run
        that was stopped is worth keeping and neither option says what to do with it.
    """
    out = absolute(out)
    earlier = _find(out)
    if earlier is not None:
        _take_over(earlier, out, keep=resume, overwrite=overwrite, describe=describe)
    check_folder(out, overwrite=overwrite)
    new_parents = missing_parents(out)
    work = _find(out)
    if work is None:
        home, prefix = home_of(out)
        work = home / f"{prefix}{RUN.removeprefix(PARTIAL)}"
    with writable(out):
        work.mkdir(parents=True, exist_ok=True)
    space = Workspace(work)
    try:
        with _claimed(work, out) as lock:
            Owner.current().sign(lock)
            space.new.mkdir(exist_ok=True)
            resumable.add(work)
            try:
                with named_if_full(out):
                    yield space
                    seal(space.new)
                place(work, out, overwrite=overwrite)
                space.worth_keeping = False
            finally:
                if not space.worth_keeping:
                    _remove_all(space, lock)
    finally:
        resumable.discard(work)
        if not space.worth_keeping:
            remove_empty(new_parents)


def _find(out: Path) -> Path | None:
    """Return the workspace of an earlier run; ``out`` may have been created since."""
    places = (out / RUN, out.parent / f".{out.name}{RUN}")
    return next((place for place in places if place.is_dir()), None)


def _claimed(work: Path, out: Path) -> IO[bytes]:
    """Return the lock of a workspace, held by this process, or refuse that of another."""
    with writable(out):
        lock = (work / LOCK).open("a+b")
    owner = Owner.of(lock)
    said = None
    if not locked(lock) or not (work / LOCK).exists():
        said = f"another run is writing into {out} ({owner}): wait for it, or name another folder"
    elif owner is not None and owner.elsewhere:
        said = (
            f"a run into {out} was started on another machine and may not have ended ({owner}): "
            f"if it has, delete {work / LOCK} and run again with --resume (resume=True)"
        )
    if said is not None:
        lock.close()
        raise DataError(said)
    return lock


def _take_over(
    work: Path,
    out: Path,
    *,
    keep: bool,
    overwrite: bool,
    describe: Callable[[Path], str | None],
) -> None:
    """Keep or remove what a run that was stopped left, after undoing its unfinished work."""
    space = Workspace(work)
    with _claimed(work, out) as lock:
        owner = Owner.of(lock)
        moved = not space.new.is_dir() or (
            (work / "old").is_dir() and not (space.new / MANIFEST).exists()
        )
        restore(work, out)
        if keep and not moved:
            logger.info("continuing in what %s left in %s", owner or "another process", work)
            return
        words = None if moved else describe(space.kept)
        if words is not None and not overwrite:
            raise DataError(
                f"an earlier run into {out} was stopped; it has finished {words} ({owner}). "
                "Continue it with --resume (resume=True), or replace it with --overwrite "
                "(overwrite=True)"
            )
        logger.info("removing what a killed run left: %s", work)
        _remove_all(space, lock)


def _remove_all(space: Workspace, lock: IO[bytes]) -> None:
    for folder in (space.new, space.kept):
        shutil.rmtree(folder, ignore_errors=True)
    remove(space.folder, lock)
