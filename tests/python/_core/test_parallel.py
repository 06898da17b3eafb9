import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor

import tissueshap as ts
from tissueshap._core import parallel
from tissueshap._core.errors import WorkerError
from tissueshap._core.parallel import in_order
from tissueshap._core.parallel._cores import THREADS
from tissueshap.tl._null_test import null_test


def _slowly(n):
    time.sleep(0.05)
    return (str(n),)


def test_workers_are_started_where_they_pay(monkeypatch):
    monkeypatch.setattr(parallel, "START", 0.1)
    with ts.settings.override(n_jobs=2):
        here = list(in_order(lambda n: _slowly(n)[1:], os.getpid, range(12)))
        found = list(in_order(_slowly, float, range(12)))
    assert here[:2] == [os.getpid()] * 2
    assert os.getpid() not in here[2:]
    assert found == list(map(float, range(12)))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_worker_for_little_work(n_jobs):
    with ts.settings.override(n_jobs=n_jobs):
        assert set(in_order(lambda _: (), os.getpid, range(5))) == {os.getpid()}
    assert list(in_order(_slowly, float, [])) == []


_REPLACED = """
import os, sys, warnings
from tissueshap import settings
from tissueshap._core import parallel

def grows():
    from joblib.externals.loky import process_executor
    process_executor._MEMORY_LEAK_CHECK_DELAY = -1.0
    process_executor._MAX_MEMORY_LEAK_SIZE = -(1 << 60)
    return os.getpid()

warnings.simplefilter("error")
parallel.START = 0.0
with settings.override(n_jobs=2):
    found = list(parallel.in_order(lambda _: (), grows, range(10)))
print(len(found), len(set(found)))
"""


def test_a_worker_whose_memory_has_grown_is_replaced():
    done = subprocess.run(
        [sys.executable, "-c", _REPLACED], capture_output=True, text=True, timeout=120, check=True
    )
    n_found, n_processes = map(int, done.stdout.split())
    assert n_found == 10
    assert n_processes > 3  # this one, two workers, and those that replaced them
    assert "worker stopped" not in done.stderr


def _shares(n_jobs, work):
    """Return what some work returns in each of several processes."""
    with ts.settings.override(n_jobs=n_jobs):
        items = range(2 + 2 * n_jobs)
        found = list(in_order(lambda _: (), work, items))[2:]
    assert os.getpid() not in {pid for pid, *_ in found}
    return [part for _, *part in found]


@pytest.fixture
def no_limits(monkeypatch):
    """Start new workers at once, whose threads the user has not limited."""
    monkeypatch.setattr(parallel, "START", 0.0)
    for name in (*THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    get_reusable_executor().shutdown()
    yield
    get_reusable_executor().shutdown()


def test_cores_are_divided_between_workers(no_limits, monkeypatch):
    def limits():
        import numba
        from threadpoolctl import threadpool_info

        blas = {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}
        return os.getpid(), blas, numba.config.NUMBA_NUM_THREADS, list(map(os.environ.get, THREADS))

    each = max(1, joblib.cpu_count() // 2)
    assert _shares(2, limits) == 4 * [[{each}, each, 2 * [str(each)]]]
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")  # what the user has set holds
    get_reusable_executor().shutdown()
    assert {tuple(found[-1]) for found in _shares(2, limits)} == {("7", str(each))}


@pytest.mark.slow
def test_tensorflow_has_the_share_of_its_worker(no_limits):
    def threads():
        import tensorflow as tf

        values = tf.random.normal((2000, 2000))
        for _ in range(20):
            values = tf.matmul(values, values) / 2000
        names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
        return os.getpid(), sum(name.startswith("tf_Compute") for name in names)

    each = max(1, joblib.cpu_count() // 2)
    assert _shares(2, threads) == 4 * [[each]]


@pytest.mark.slow
def test_workers_find_the_same(toy, monkeypatch):
    toy.layers["log2"] = np.log2(toy.X + 1.0).astype(np.float32)
    tables = []
    for n_jobs in (1, 2):
        monkeypatch.setattr(parallel, "START", 0.0)
        mine = {"mine": list(toy.var_names[:6])}
        with ts.settings.override(n_jobs=n_jobs):
            null_test(toy, gene_set=mine, n_sets=5, n_starts=2, samples="all")
        tables.append(toy.uns["tissueshap"]["null_test"]["v_measure"])
    assert tables[0].equals(tables[1])


def test_a_worker_imports_umap_without_tensorflow():
    from joblib import Parallel, delayed

    def imported():
        import sys

        from tissueshap._core.embedding import import_umap

        return import_umap().UMAP.__name__, "tensorflow" in sys.modules

    assert Parallel(n_jobs=2)([delayed(imported)()]) == [("UMAP", False)]


def test_a_worker_that_dies_is_named_and_finished_work_is_kept(monkeypatch):
    monkeypatch.setattr(parallel, "START", 0.0)
    dies = f"__import__('os')._exit(1) if __import__('os').getpid() != {os.getpid()} else 9"
    found = []
    with ts.settings.override(n_jobs=2), pytest.raises(WorkerError, match="n_jobs=1 uses none"):
        for value in in_order(lambda n: (dies if n == 9 else str(n),), eval, range(10)):
            found.append(value)  # noqa: PERF402
    assert found == list(range(len(found)))
    assert len(found) >= 2
    with ts.settings.override(n_jobs=2):  # the next work has new workers
        assert list(in_order(_slowly, float, range(3))) == [0.0, 1.0, 2.0]


_PARENT = r"""
import os, sys, time
from tissueshap._core import parallel
import tissueshap as ts

def work(n):
    os.write(1, b"%d\n" % os.getpid())  # in one piece: two processes write
    time.sleep(0.05 if n < 2 else 600)

parallel.START = 0.0
ts.settings.n_jobs = 2
list(parallel.in_order(lambda n: (n,), work, range(6)))
"""


def _alive(process):
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks at /proc")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_workers_end_with_their_parent(name):
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    processes = {int(parent.stdout.readline()) for _ in range(4)} - {parent.pid}
    assert len(processes) == 2
    parent.send_signal(getattr(signal, name))
    parent.wait(20)
    deadline = time.monotonic() + 20
    while any(map(_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not any(map(_alive, processes))
    parent.stdout.close()
