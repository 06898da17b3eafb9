"""The Dask cluster of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import tissueshap as ts
from tissueshap._core.errors import WorkerError
from tissueshap.workflow._connected import connected

dask = pytest.importorskip("dask")
# Dask's threads leave sockets to the collector.
pytestmark = pytest.mark.filterwarnings("default")


def test_an_address_or_a_file_of_the_scheduler(dask_client: Any, tmp_path: Path) -> None:
    address = dask_client.scheduler.address
    path = tmp_path / "scheduler.json"
    path.write_text(json.dumps(dask_client.cluster.scheduler.identity()))
    for place in (address, str(path)):
        with connected(place) as client:
            assert client.scheduler.address == address
            assert len(client.ncores()) == 2
        assert client.status == "closed"


def test_without_an_address_it_is_the_sessions_own(dask_client: Any) -> None:
    with connected(None) as client:
        assert client is None
    with ts.settings.override(client=dask_client), connected(None) as client:
        assert client is dask_client
    assert dask_client.status == "running"


def test_no_scheduler_is_named() -> None:
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}),
        pytest.raises(WorkerError, match=r"no Dask scheduler at 'tcp://127\.0\.0\.1:9'"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass
