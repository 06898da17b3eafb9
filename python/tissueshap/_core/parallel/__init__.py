"""Work on one item after another, by several processes or machines if this is faster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tissueshap._core.parallel._cluster import by_cluster, n_cluster_workers
from tissueshap._core.parallel._processes import by_processes
from tissueshap._core.parallel._task import Task, can_be_sent
from tissueshap._core.progress import progress
from tissueshap._core.settings import settings

__all__ = ["START", "can_be_sent", "in_order", "n_cluster_workers", "n_workers"]

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that work must save before workers are started. Until its first item is done, a worker
#: starts, imports, compiles and warms up for 3 s (UMAP) or 5 s (TensorFlow) of CPU time; networks
#: use more than one core here too, so that workers save less than their number suggests.
START = 10.0


def in_order(
    prepare: Callable[[Item], tuple[Any, ...]],
    work: Callable[..., Result],
    items: Sequence[Item],
    *,
    shared: tuple[Any, ...] = (),
    apart: bool = True,
    threaded: bool = False,
    **bar: Any,
) -> Iterator[Result]:
    """Yield ``work(*shared, *prepare(item))`` for each item, in order.

    With ``settings.client``, the workers of its cluster do all of the work. Otherwise the first
    items are processed here, and if the others would take longer than workers need to start,
    ``settings.n_jobs`` processes do the rest. Results do not depend on where they are computed.

    Parameters
    ----------
    prepare
        Returns the arguments of `work`, called here; it may be a closure. It can be called
        more than once for an item, if the worker that had its arguments is lost.
    work
        A function of a module, so that it can be sent to another process. It must not change
        what is shared.
    items
        The items to process.
    shared
        Arguments that all items have in common; they are sent once.
    apart
        Whether `work` can be done in other processes.
    threaded
        Whether `work` uses all cores by itself, so that only other machines are a gain.
    bar
        ``desc`` and ``unit`` of the progress bar.

    Raises
    ------
    WorkerError
        A process has died, or a cluster has no workers; finished results have been yielded
        before.
    """
    task = Task(prepare, work, shared)
    with progress(total=len(items), **bar) as shown:
        for result in _results(task, items, apart=apart, threaded=threaded):
            yield result
            shown.update()


def n_workers(*, apart: bool = True) -> int:
    """Return how many items :func:`in_order` can process at a time."""
    if not apart:
        return 1
    return settings.cores if settings.client is None else n_cluster_workers(settings.client)


def _results(
    task: Task[Item, Result], items: Sequence[Item], *, apart: bool, threaded: bool
) -> Iterator[Result]:
    if apart and settings.client is not None and len(items) > 1:
        yield from by_cluster(settings.client, task, items)
        return
    workers = settings.cores if apart and not threaded else 1
    done = 0
    for done, item in enumerate(items, start=1):
        began = time.monotonic()
        yield task.done(item)
        left = (time.monotonic() - began) * (len(items) - done)
        # The first item includes the time to load and compile.
        if done > 1 and workers > 1 and left * (1 - 1 / workers) > START:
            break
    if done < len(items):
        yield from by_processes(task, items[done:], workers)
