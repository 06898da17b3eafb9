"""Work on one item after another, with several processes if this is faster."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from tissueshap._core.errors import WorkerError
from tissueshap._core.progress import progress
from tissueshap._core.settings import settings

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that a worker needs to start and to import, compile and warm up what it uses.
START = 30.0


def in_order(
    prepare: Callable[[Item], tuple[Any, ...]],
    work: Callable[..., Result],
    items: Sequence[Item],
    *,
    apart: bool = True,
    **bar: Any,
) -> Iterator[Result]:
    """Yield ``work(*prepare(item))`` for each item, in order.

    The first items are processed here. If the others would take longer than workers need to
    start, ``settings.n_jobs`` processes do the rest. Results do not depend on where they are
    computed.

    Parameters
    ----------
    prepare
        Returns the arguments of `work`, called here; it may be a closure.
    work
        A function of a module, so that it can be sent to another process.
    items
        The items to process.
    apart
        Whether `work` can be done in other processes.
    bar
        ``desc`` and ``unit`` of the progress bar.

    Raises
    ------
    WorkerError
        A process has died; finished results have been yielded before.
    """
    workers = settings.cores if apart else 1
    with progress(total=len(items), **bar) as shown:
        done = 0
        for done, item in enumerate(items, start=1):
            began = time.monotonic()
            yield work(*prepare(item))
            shown.update()
            left = (time.monotonic() - began) * (len(items) - done)
            # The first item includes the time to load and compile.
            if done > 1 and workers > 1 and left * (1 - 1 / workers) > START:
                break
        if done < len(items):
            rest = (prepare(item) for item in islice(items, done, None))
            for result in _by_workers(work, rest, workers):
                yield result
                shown.update()


def _by_workers(
    work: Callable[..., Result], rest: Iterator[tuple[Any, ...]], workers: int
) -> Iterator[Result]:
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    pool = Parallel(n_jobs=workers, return_as="generator")
    tasks = (delayed(_attended)(os.getpid(), work, *arguments) for arguments in rest)
    try:
        yield from pool(tasks)
    except TerminatedWorkerError as error:
        raise WorkerError(
            f"one of {workers} worker processes has died, most often because memory ran out: use "
            f"fewer (n_jobs=1 uses none). {str(error).splitlines()[-1]}"
        ) from error


_attending = threading.Event()


def _attended(parent: int, work: Callable[..., Result], *arguments: Any) -> Result:
    """Work in a process that ends with the one that started it."""
    if not _attending.is_set():
        _attending.set()
        threading.Thread(target=_attend, args=(parent,), daemon=True).start()
    # The cores are shared by the workers.
    with settings.override(progress=False, n_jobs=1):
        return work(*arguments)


def _attend(parent: int) -> None:
    """End this process once its parent has ended, because nobody would use the results."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
