"""Verbs whose work the workers of a Dask cluster do, with the results of one process."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tissueshap as ts
from tissueshap import tl
from tissueshap._core.checkpoints import Store, keeping
from tissueshap.pp import split

# Dask's threads leave sockets to the collector.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

QUICK = {"preset": "small", "epochs": 2}


def _same_records(one: Any, other: Any) -> None:
    """Check that all tables, numbers and layers are equal to the last bit, except seconds."""
    assert set(one.layers) == set(other.layers)
    for name, values in one.layers.items():
        np.testing.assert_array_equal(other.layers[name], values)
    records = [each.uns["tissueshap"] for each in (one, other)]
    assert set(records[0]) == set(records[1])
    for verb, record in records[0].items():
        if not isinstance(record, dict):
            continue
        for name, value in record.items():
            theirs = records[1][verb][name]
            if isinstance(value, pd.DataFrame):
                columns = [column for column in value if column != "seconds"]
                pd.testing.assert_frame_equal(theirs[columns], value[columns], check_exact=True)
            elif isinstance(value, int | float | str) and name not in ("id", "date"):
                np.testing.assert_equal(theirs, value, err_msg=f"{verb} {name}")


@contextmanager
def _killing_one(client: Any, after: float) -> Iterator[None]:
    """Kill one of the workers some seconds later."""
    victim = next(iter(client.run(os.getpid).values()))
    timer = threading.Timer(after, os.kill, (victim, signal.SIGKILL))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@pytest.fixture
def both(dask_client: Any) -> Callable[[Callable[[], Any]], tuple[Any, Any]]:
    """Return what does some work in this process, and by the cluster."""

    def done(work: Callable[[], Any]) -> tuple[Any, Any]:
        with ts.settings.override(n_jobs=1):
            here = work()
        with ts.settings.override(client=dask_client):
            return here, work()

    return done


def test_members_of_an_average(prepared: Any, both: Any) -> None:
    def trained() -> tuple[Any, Any]:
        adata = prepared.copy()
        model = tl.cnn(adata, n_models=3, **QUICK)
        return adata, model

    (one, here), (other, there) = both(trained)
    _same_records(one, other)
    assert here.fingerprint() == there.fingerprint()
    for ours, theirs in zip(here.network.get_weights(), there.network.get_weights(), strict=True):
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize(
    "how", [{}, {"target": "all"}, {"tolerance": 0.3, "n_draws": 100}], ids=["own", "all", "near"]
)
def test_explanations(learned: Any, model: Any, both: Any, how: dict[str, Any]) -> None:
    options = {"n_draws": 20, "batch_size": 60, "samples": "test", **how}
    one, other = both(lambda: tl.shap(learned, model, copy=True, **options))
    _same_records(one, other)


def test_folds_with_a_killed_worker(prepared: Any, dask_client: Any) -> None:
    split(prepared, n_folds=4, seed=3)

    def validated() -> Any:
        adata = prepared.copy()
        train, explain = {"n_models": 1, **QUICK}, {"n_draws": 20}
        models = tl.cross_validate(adata, train=train, explain=explain)
        return adata, [each.fingerprint() for each in models]

    with ts.settings.override(n_jobs=1):
        one, here = validated()
    with ts.settings.override(client=dask_client), _killing_one(dask_client, after=5.0):
        other, there = validated()
    assert here == there
    _same_records(one, other)


def test_calibration_and_balancing(prepared: Any, both: Any) -> None:
    model = tl.cnn(prepared, n_models=2, **QUICK)

    def done() -> tuple[Any, Any]:
        adata = prepared.copy()
        calibrated = tl.calibrate(adata, model, n_folds=3)
        tl.compare_balancing(adata, methods=("none", "random"), preset="small", epochs=1)
        return adata, calibrated.calibration

    (one, here), (other, there) = both(done)
    _same_records(one, other)
    assert here.scaling.slope.tolist() == there.scaling.slope.tolist()


def test_trust(learned: Any, model: Any, both: Any) -> None:
    tl.shap(learned, model, n_draws=20)
    tl.rank_genes(learned)
    tl.select_genes(learned, method="top_n", n_top=6)
    how = {"checks": ["repeat", "seeds", "folds", "permutations"], "n_seeds": 2, "n_folds": 3}

    def trusted() -> Any:
        adata = learned.copy()
        tl.trust(adata, model, n_permutations=19, **how)
        return adata

    one, other = both(trusted)
    _same_records(one, other)


def test_finished_work_is_kept(prepared: Any, dask_client: Any, tmp_path: Path) -> None:
    with ts.settings.override(client=dask_client), keeping(Store(tmp_path)):
        first = tl.cnn(prepared, n_models=2, **QUICK)
        kept = [path for path in tmp_path.iterdir() if path.name.startswith("training")]
        assert len(kept) == 2
        written = [path.stat().st_mtime_ns for path in kept]
        began = time.perf_counter()
        again = tl.cnn(prepared, n_models=2, **QUICK)
        assert time.perf_counter() - began < 60
    assert [path.stat().st_mtime_ns for path in kept] == written
    assert first.fingerprint() == again.fingerprint()
