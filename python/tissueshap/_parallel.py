"""Work on one item after another, by several processes where that pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from tissueshap._progress import progress
from tissueshap._settings import settings

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Seconds that a worker needs to start and to import, compile and warm up what it uses.
START = 30.0


def in_order(
    prepare: Callable[[Item], tuple[Any, ...]],
    work: Callable[..., Result],
    items: Sequence[Item],
    **bar: Any,
) -> Iterator[Result]:
    """Yield ``work(*prepare(item))`` for each item, in order.

    The first items are done here. Once it shows that what is left would take longer than
    workers need to start, the rest is done by ``settings.n_jobs`` processes. Results do
    not depend on where they are made.

    Parameters
    ----------
    prepare
        Returns the arguments of `work`, called here; it may be a closure.
    work
        A function of a module, so that it can be sent to a process.
    items
        What to work on.
    bar
        ``desc`` and ``unit`` of the progress bar.
    """
    workers = settings.cores
    with progress(total=len(items), **bar) as shown:
        done = 0
        for done, item in enumerate(items, start=1):
            began = time.monotonic()
            yield work(*prepare(item))
            shown.update()
            left = (time.monotonic() - began) * (len(items) - done)
            # The first item also pays for what this process has to load and compile.
            if done > 1 and workers > 1 and left * (1 - 1 / workers) > START:
                break
        if done < len(items):
            from joblib import Parallel, delayed

            rest = islice(items, done, None)
            pool = Parallel(n_jobs=workers, return_as="generator")
            for found in pool(delayed(work)(*prepare(item)) for item in rest):
                yield found
                shown.update()
