"""Runs that are killed at random moments, by a signal that no process can handle."""

from __future__ import annotations

import multiprocessing
import re
import runpy
import signal
import subprocess
import sys
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io

pytestmark = pytest.mark.r
_RUN = Path(__file__).with_name("run_killed.py")
#: Everything that takes time in a run, once: two trainings, an explanation, clusters, a null
#: test and trust.
_OPTIONS: dict[str, Any] = {"epochs": 6, "n_models": 2, "n_null": 3, "trust": "quick"}


class Runs:
    """Runs on one data set, each in a process of its own.

    The processes are forked from one that has loaded the packages, which would take longer than
    the runs.
    """

    def __init__(self, adata: ad.AnnData, options: dict[str, Any]) -> None:
        self._adata, self._options = adata, options
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tissueshap.workflow._course", "keras", "umap"])

    def start(self, out: Path, *, resume: bool = False) -> ForkServerProcess:
        options = {**self._options, "out": out, "resume": resume}
        passed = {"__passed__": {"adata": self._adata, "options": options}}
        process = self._context.Process(
            target=runpy.run_path, args=(str(_RUN), passed), daemon=False
        )
        process.start()
        return process

    def finish(self, out: Path, *, resume: bool = False) -> float:
        """Run to the end, and return the seconds that this took."""
        began = time.monotonic()
        process = self.start(out, resume=resume)
        process.join(timeout=1200)
        assert process.exitcode == 0
        return time.monotonic() - began

    def kill(self, out: Path, seconds: float) -> bool:
        """Kill a run after some seconds; return whether it was still running."""
        process = self.start(out)
        process.join(timeout=seconds)
        alive = process.is_alive()
        process.kill()
        process.join()
        return alive


def tables(out: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a run, every value as its text, without what it says of seconds."""
    read = {
        path.stem: pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
        for path in (out / "tables").iterdir()
    }
    without = {name: one.drop(columns="seconds", errors="ignore") for name, one in read.items()}
    return {
        name: one.replace(r"\b\d[\d,]* s\b", "... s", regex=True) for name, one in without.items()
    }


@pytest.mark.parametrize("n_kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_run_resumes_to_the_same_tables(
    cohort: ad.AnnData, quick: dict[str, Any], tmp_path: Path, n_kills: int
) -> None:
    runs = Runs(cohort, {**quick, **_OPTIONS})
    runs.finish(tmp_path / "first")  # it also compiles what is cached
    seconds = runs.finish(tmp_path / "whole")
    whole = tables(tmp_path / "whole")
    assert len(whole) > 30
    rng = np.random.default_rng(n_kills)
    resumed = 0
    while resumed < n_kills:
        out = tmp_path / f"killed{resumed}"
        after = float(rng.uniform(0, seconds))
        if not runs.kill(out, after):
            seconds *= 0.9  # the machine has become faster
            continue
        left = out.parent / f".{out.name}.tissueshap-partial-run" / "kept"
        n_kept = len(list(left.glob("*.json"))) if left.is_dir() else 0
        took = runs.finish(out, resume=True)
        found = tables(out)
        assert set(found) == set(whole)
        for name, table in found.items():
            pd.testing.assert_frame_equal(table, whole[name], obj=f"{name} after {after:.1f} s")
        assert not left.exists()
        resumed += 1
        print(f"killed after {after:5.1f} s, {n_kept:2d} steps kept, resumed in {took:5.1f} s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_asked_to_stop_says_how_to_continue(
    cohort: ad.AnnData, tmp_path: Path, number: signal.Signals
) -> None:
    io.write_h5ad(cohort, tmp_path / "counts.h5ad")
    words = [sys.executable, "-m", "tissueshap.cli", "run", "--label", "tissue", "--n-models", "9"]
    words += ["--counts", str(tmp_path / "counts.h5ad"), "--out", str(tmp_path / "out")]
    words += ["--min-class-size", "10", "--test-per-class", "8"]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any("training preset" in line for line in process.stderr)
    process.send_signal(number)
    began = time.monotonic()
    errors = process.communicate(timeout=120)[1]
    assert time.monotonic() - began < 30
    assert process.returncode == 130
    said = r"Stopped; the steps up to 'oversample' are kept in .*: the same command with --resume"
    assert re.search(said, errors)
    assert "Traceback" not in errors
    assert len(list(tmp_path.glob(".out.*/kept/*.json"))) == 6
