"""Work by several processes of this machine."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tissueshap._core import checkpoints
from tissueshap._core.errors import WorkerError
from tissueshap._core.parallel._cores import share, use_cores
from tissueshap._core.parallel._task import Item, Result, Task, as_worker

T = TypeVar("T")


def by_processes(task: Task[Item, Result], items: Sequence[Item], workers: int) -> Iterator[Result]:
    """Yield the results by some processes, in order.

    joblib writes large arrays to a file once, which all processes map into their memory. The
    cores are divided between the processes: joblib sees to that for BLAS, OpenMP and numba, which
    read their number of threads when they are loaded, and :func:`use_cores` for TensorFlow.
    """
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    # joblib replaces a worker whose memory has grown, and warns in the thread that receives the
    # results. With warnings as errors this thread would end, and nothing would be received.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)
    pool = Parallel(n_jobs=workers, return_as="generator")
    place, n_cores = checkpoints.place(), share(workers)
    tasks = (
        delayed(_attended)(
            os.getpid(), n_cores, place, task.work, *task.shared, *task.prepare(item)
        )
        for item in items
    )
    try:
        yield from pool(tasks)
    except TerminatedWorkerError as error:
        raise WorkerError(
            f"one of {workers} worker processes has died, most often because memory ran out: use "
            f"fewer (n_jobs=1 uses none). {str(error).splitlines()[-1]}"
        ) from error


_attending = threading.Event()


def _attended(
    parent: int,
    n_cores: int,
    place: checkpoints.Place | None,
    work: Callable[..., T],
    *arguments: Any,
) -> T:
    """Work in a process that ends with the one that started it, with its share of the cores."""
    if not _attending.is_set():
        _attending.set()
        use_cores(n_cores)
        threading.Thread(target=_attend, args=(parent,), daemon=True).start()
    with as_worker(place):
        return work(*arguments)


def _attend(parent: int) -> None:
    """End this process once its parent has ended, because nobody would use the results."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)
