"""The Dask cluster of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tissueshap._core.errors import WorkerError
from tissueshap._core.logging import logger
from tissueshap._core.settings import settings
from tissueshap._install import feature


@contextmanager
def connected(address: str | None) -> Iterator[Any]:
    """Connect to a cluster for the length of a ``with`` block.

    Parameters
    ----------
    address
        Of the scheduler, or the file that it has written (``dask scheduler --scheduler-file``).
        None is the session's own client, if any.

    Raises
    ------
    WorkerError
        There is no scheduler.
    """
    if address is None:
        yield settings.client
        return
    # Checkpoints, and scipy with them: the command line's help waits for neither.
    from tissueshap._core.parallel import n_cluster_workers

    client_of = feature.needed("distributed", "distributed.Client", "--dask")
    place = {"scheduler_file": address} if Path(address).is_file() else {"address": address}
    try:
        client = client_of(**place, set_as_default=False)
    except (OSError, ValueError) as error:
        raise WorkerError(
            f"there is no Dask scheduler at {address!r}: start one (dask scheduler) and pass the "
            f"address that it prints, or its --scheduler-file. {error}"
        ) from error
    with client:
        logger.info("%d Dask workers at %s", n_cluster_workers(client), address)
        yield client
