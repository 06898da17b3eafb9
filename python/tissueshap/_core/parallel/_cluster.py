"""Work by the workers of a Dask cluster.

joblib has a backend for Dask too. It is not used, because a task that fails there leaves the
generator of results waiting, and data that are lost with their last worker are not sent again.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tissueshap._core import checkpoints
from tissueshap._core.errors import WorkerError
from tissueshap._core.logging import logger
from tissueshap._core.parallel._cores import use_cores
from tissueshap._core.parallel._task import Item, Result, Task, as_worker
from tissueshap._version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

#: Items that are sent ahead, per worker: results are in order, and some items take longer.
_AHEAD = 4
#: Bytes of an item's arguments from which on they go to a worker instead of the scheduler.
_LARGE = 2**20
#: Times that lost data are sent again without a result in between.
_MOST_LOSSES = 3
#: Seconds between two looks at whether there are workers, and until they must be there.
_LOOK, _ARRIVAL = 5.0, 600.0
#: Variables that decide what a worker computes with.
_VARIABLES = ("KERAS_BACKEND",)


def by_cluster(client: Client, task: Task[Item, Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield the results by the workers of a cluster, in order.

    What items share is sent once to each worker. If a worker dies, its item is sent to another
    one; if it was the last one that had the data, they are sent again.

    Raises
    ------
    WorkerError
        An item ends each worker that it is sent to, or there are no workers.
    """
    from distributed import CancelledError, KilledWorker
    from distributed.comm import CommClosedError

    sent = _Sent(client, task)
    futures: dict[int, Future] = {}
    number = losses = 0
    try:
        while number < len(items):
            try:
                for each in range(number, min(number + sent.ahead(), len(items))):
                    if each not in futures:
                        futures[each] = sent.submit(items[each])
                result = _result(client, futures[number])
            except KilledWorker as error:
                raise WorkerError(
                    "a task has ended every worker of the Dask cluster that it was sent to, most "
                    "often because memory ran out: start fewer workers per machine, or with more "
                    f"memory each (dask worker --nworkers, --memory-limit). {error}"
                ) from error
            # Also a worker that has died while data were sent to it.
            except (CancelledError, CommClosedError) as error:
                losses += 1
                if client.status != "running" or losses > _MOST_LOSSES:
                    raise WorkerError(
                        "the connection to the Dask cluster, or the workers that had the data, "
                        f"were lost {losses} times: look at the logs of its scheduler and workers. "
                        f"{error}"
                    ) from error
                logger.warning("the Dask workers that had the data are lost: sending them again")
                futures = {n: one for n, one in futures.items() if one.status == "finished"}
                sent.forget()
                time.sleep(losses)  # until the scheduler has noticed
                continue
            del futures[number]
            number, losses = number + 1, 0
            yield result
    finally:
        with suppress(Exception):  # the connection may be what has ended the work
            client.cancel(list(futures.values()))


def n_cluster_workers(client: Client) -> int:
    """Return the number of workers of a cluster."""
    return len(client.ncores())


class _Sent:
    """Sends items to a cluster, and what they share once."""

    def __init__(self, client: Client, task: Task[Any, Any]) -> None:
        import cloudpickle

        self._client, self._task = client, task
        # What a worker cannot load ends its connection, unless it is loaded within an item.
        self._work: bytes = cloudpickle.dumps(task.work)
        self._place = checkpoints.place(elsewhere=True)
        self._variables = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        self._shared: Any = None

    def ahead(self) -> int:
        """Return how many items are sent ahead."""
        return _AHEAD * max(1, n_cluster_workers(self._client))

    def forget(self) -> None:
        """Send what is shared again with the next item."""
        self._shared = None

    def submit(self, item: Any) -> Future:
        """Send an item."""
        from dask.sizeof import sizeof

        task = self._task
        if self._shared is None:
            _need_workers(self._client)
            _check_workers(self._client)
            _divide_cores(self._client)
            self._shared = self._scattered(task.shared, broadcast=True) if task.shared else ()
        arguments: Any = task.prepare(item)
        if sizeof(arguments) > _LARGE:
            arguments = self._scattered(arguments, broadcast=False)
        return self._client.submit(
            _attended,
            __version__,
            self._variables,
            self._place,
            self._work,
            self._shared,
            arguments,
            pure=False,
        )

    def _scattered(self, values: tuple[Any, ...], *, broadcast: bool) -> Future:
        # In a list, because of a tuple each value would be sent by itself; with hash=True, data
        # that are sent again would have the key of those that were lost.
        return self._client.scatter([values], broadcast=broadcast, hash=False)[0]


def _result(client: Client, future: Future) -> Any:
    """Wait for a result, as long as there are workers."""
    while True:
        try:
            return future.result(timeout=_LOOK)
        except TimeoutError:
            if future.status == "error":  # it is the work's own
                raise
        _need_workers(client)


def _need_workers(client: Client) -> None:
    if n_cluster_workers(client):
        return
    logger.warning("the Dask cluster has no workers: waiting %d s for them", _ARRIVAL)
    try:
        client.wait_for_workers(1, timeout=_ARRIVAL)
    except TimeoutError as error:
        raise WorkerError(
            f"the Dask cluster has had no workers for {_ARRIVAL:.0f} s: start some (dask worker "
            "ADDRESS), or set ts.settings.client = None to work on this machine"
        ) from error


#: Networks and UMAP use what belongs to the process, so a worker does one item at a time,
#: however many threads it has.
_one_at_a_time = threading.Lock()


def _attended(
    version: str,
    variables: dict[str, str],
    place: checkpoints.Place | None,
    work: bytes,
    shared: tuple[Any, ...],
    arguments: tuple[Any, ...],
) -> Any:
    """Work in a process of a cluster."""
    _check_version(version)
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    with _one_at_a_time, as_worker(place):
        return pickle.loads(work)(*shared, *arguments)


def _check_workers(client: Client) -> None:
    """Refuse workers that do not have this version of tissueshap."""
    found = client.run(_check_version, __version__, on_error="return")
    for address, error in found.items():
        if isinstance(error, WorkerError):
            raise error
        if isinstance(error, Exception):
            raise WorkerError(
                f"the Dask worker {address} cannot import tissueshap ({error}): install version "
                f"{__version__} there"
            ) from error


def _divide_cores(client: Client) -> None:
    """Have TensorFlow use the threads that each worker of the cluster has, also a later one."""
    from distributed import WorkerPlugin

    # Networks that items share may be loaded before the first item.
    class Cores(WorkerPlugin):  # type: ignore[misc]
        name = "tissueshap-cores"

        def setup(self, worker: Any) -> None:
            use_cores(worker.state.nthreads)

    client.register_plugin(Cores())


def _check_version(version: str) -> None:
    if version != __version__:
        raise WorkerError(
            f"a Dask worker has tissueshap {__version__}, this process {version}: install the same "
            "version everywhere"
        )
