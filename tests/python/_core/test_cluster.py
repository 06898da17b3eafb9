"""Work by the workers of a Dask cluster, whose results are those of this process."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import tissueshap as ts
from tissueshap._core import checkpoints
from tissueshap._core.checkpoints import Store, keeping
from tissueshap._core.errors import DataError, WorkerError
from tissueshap._core.parallel import _cluster, in_order, n_workers
from tissueshap._core.parallel._cores import THREADS

distributed = pytest.importorskip("distributed")
# Dask's threads leave sockets to the collector.
pytestmark = pytest.mark.filterwarnings("default")
# Workers cannot import the tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


@pytest.fixture
def doomed(started_cluster: Any) -> Iterator[Any]:
    """A cluster whose workers will all be killed."""
    with started_cluster() as client, ts.settings.override(client=client):
        yield client


@pytest.fixture
def cluster(dask_client: Any) -> Iterator[Any]:
    with ts.settings.override(client=dask_client):
        yield dask_client


def _pid(*_: Any) -> int:
    return os.getpid()


def _scaled(matrix: np.ndarray, factor: float, row: int) -> np.ndarray:
    return matrix[row] * factor


def test_the_workers_do_all_of_the_work_in_order(cluster: Any) -> None:
    matrix = np.random.default_rng(0).normal(size=(40, 1000))
    found = list(in_order(lambda row: (row,), _scaled, range(40), shared=(matrix, 2.0)))
    np.testing.assert_array_equal(np.stack(found), 2 * matrix)
    processes = set(in_order(lambda n: (n,), _pid, range(20)))
    assert processes <= set(client_pids(cluster))
    assert n_workers() == 2
    assert n_workers(apart=False) == 1


def client_pids(client: Any) -> list[int]:
    return [int(pid) for pid in client.run(os.getpid).values()]


def test_what_stays_here_stays_here(cluster: Any) -> None:
    assert set(in_order(lambda n: (n,), _pid, range(4), apart=False)) == {os.getpid()}
    # Nor is anything sent for a single item.
    assert list(in_order(lambda n: (n,), _pid, range(1))) == [os.getpid()]


def _settings(*_: Any) -> tuple[int, bool, bool]:
    return ts.settings.n_jobs, ts.settings.client is None, ts.settings.progress


def test_a_worker_starts_no_workers_of_its_own(cluster: Any) -> None:
    assert set(in_order(lambda n: (n,), _settings, range(4))) == {(1, True, False)}


def _threads(*_: Any) -> list[str]:
    return [os.environ[name] for name in THREADS]


def test_tensorflow_has_the_threads_of_its_worker(cluster: Any) -> None:
    found = list(in_order(lambda n: (n,), _threads, range(4)))
    assert found == 4 * [["2", "2"]]
    assert set(map(tuple, cluster.run(_threads).values())) == {("2", "2")}


def _overlap(place: str, _: int) -> int:
    """Return how many processes of this worker are at work."""
    own = Path(place) / f"{os.getpid()}-{time.monotonic_ns()}"
    own.touch()
    time.sleep(0.1)
    n = len(list(Path(place).glob(f"{os.getpid()}-*")))
    own.unlink()
    return n


def test_a_worker_does_one_item_at_a_time(cluster: Any, tmp_path: Path) -> None:
    assert sum(cluster.ncores().values()) == 4
    found = in_order(lambda n: (n,), _overlap, range(8), shared=(str(tmp_path),))
    assert set(found) == {1}


def _fails(number: int) -> int:
    if number == 2:
        raise DataError(f"number {number} is wrong")
    return number


def test_an_error_is_that_of_the_item(cluster: Any) -> None:
    with pytest.raises(DataError, match="number 2 is wrong"):
        list(in_order(lambda n: (n,), _fails, range(6)))


def test_a_worker_of_another_version_is_refused(
    cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_cluster, "__version__", "0.0.1")
    with pytest.raises(WorkerError, match=r"this process 0\.0\.1: install the same version"):
        list(in_order(lambda n: (n,), _pid, range(2)))


def test_a_cluster_without_workers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cluster, "_ARRIVAL", 0.2)
    empty = distributed.LocalCluster(n_workers=0, dashboard_address=":0")
    with (
        empty,
        distributed.Client(empty, set_as_default=False) as client,
        ts.settings.override(client=client),
        pytest.raises(WorkerError, match="no workers for .*dask worker"),
    ):
        list(in_order(lambda n: (n,), _pid, range(2)))


def test_what_is_not_awaited_is_cancelled(cluster: Any) -> None:
    # What runs already goes on.
    found = in_order(lambda n: (n,), time.sleep, [0.0, *99 * [1.0]])
    next(found)
    found.close()  # type: ignore[attr-defined]
    began = time.monotonic()
    while cluster.run_on_scheduler(_n_tasks) and time.monotonic() - began < 20:
        time.sleep(0.1)
    assert cluster.run_on_scheduler(_n_tasks) == 0


def _n_tasks(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


def _kept(number: int) -> str | None:
    place = checkpoints.place()
    return checkpoints.once("squares", {"number": number}, lambda: str(place and place.folder))


@pytest.mark.parametrize("seen", [True, False])
def test_work_is_kept_where_a_worker_sees_the_folder(
    cluster: Any, tmp_path: Path, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not seen:
        away = checkpoints.Place(tmp_path / "elsewhere", "token")
        monkeypatch.setattr(checkpoints, "place", lambda **_: away)
    with keeping(Store(tmp_path / "store")) as store:
        found = list(in_order(lambda n: (n,), _kept, range(3)))
        for number in range(3):
            kept = store.get("squares", {"number": number})
            assert kept == (str(tmp_path / "store") if seen else None)
    assert set(found) == {str(tmp_path / "store") if seen else "None"}


def test_a_client_is_a_client() -> None:
    with pytest.raises(DataError, match=r"client must be a dask\.distributed\.Client or None"):
        ts.settings.client = "tcp://somewhere:8786"
    assert ts.settings.client is None
    assert "client = None" in repr(ts.settings)


@pytest.mark.slow
def test_null_test_and_clusters_are_those_of_one_process(cluster: Any, toy: Any) -> None:
    toy.layers["log2"] = np.log2(toy.X + 1.0).astype(np.float32)
    mine = {"mine": list(toy.var_names[:6])}
    null_test = partial(ts.tl.null_test, toy, gene_set=mine, n_sets=6, n_starts=2, samples="all")
    tables = []
    for one in (None, cluster):
        with ts.settings.override(client=one, n_jobs=1):
            null_test(on="expression")
        tables.append(toy.uns["tissueshap"]["null_test"]["v_measure"])
    assert tables[0].equals(tables[1])


def _dies_once(place: str, values: np.ndarray, number: int) -> float:
    """Kill the worker that has the fourth item, the first time."""
    died = Path(place) / "died"
    if number == 3 and not died.exists():
        died.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(values[number])


def test_a_killed_worker_costs_only_its_items(cluster: Any, tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=200_000)
    before = set(client_pids(cluster))
    shared = (str(tmp_path), values)
    found = list(in_order(lambda n: (n,), _dies_once, range(12), shared=shared))
    assert (tmp_path / "died").exists()
    assert found == values[:12].tolist()
    cluster.wait_for_workers(2, timeout=60)
    assert len(before - set(client_pids(cluster))) == 1


def _both_die_once(place: str, values: np.ndarray, number: int) -> float:
    died = Path(place)
    if number >= 3 and len(list(died.iterdir())) < 2:
        (died / str(os.getpid())).touch()
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return float(values[number])


@pytest.mark.slow
def test_data_that_are_lost_are_sent_again(
    doomed: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.random.default_rng(0).normal(size=200_000)
    shared = (str(tmp_path), values)
    found = list(in_order(lambda n: (n,), _both_die_once, range(12), shared=shared))
    assert found == values[:12].tolist()
    assert len(list(tmp_path.iterdir())) == 2
    assert "sending them again" in caplog.text


def _kills(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.slow
def test_an_item_that_ends_every_worker_is_named(doomed: Any) -> None:
    found = []
    with pytest.raises(WorkerError, match="every worker of the Dask cluster .*memory"):
        for number in in_order(lambda n: (n,), _kills, range(6)):
            found.append(number)  # noqa: PERF402
    assert found == [0, 1]
