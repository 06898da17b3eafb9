from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def bench(benchmark_module):
    return benchmark_module("bench_backed")


def test_cells_are_sorted_and_sparse_and_have_markers(bench):
    adata, truth = bench.simulated(600, 80, 4)
    codes = adata.obs["cell_type"].cat.codes.to_numpy()
    assert adata.shape == (600, 80)
    assert (np.diff(codes) >= 0).all()
    assert adata.X.nnz < 0.4 * 600 * 80
    assert (adata.X.sum(axis=1) > 0).all()
    for name, own in truth.items():
        mean = [adata[adata.obs["cell_type"] == each, own].X.mean() for each in truth]
        assert np.argmax(mean) == list(truth).index(name)


def test_the_table_has_both_modes(bench):
    step = {"cnn": {"seconds": 3.0, "cpu_seconds": 2.0, "peak_mib": 5.0}}
    one = {
        "steps": step,
        "seconds_per_epoch": 1.5,
        "macro_f1": 0.9,
        "markers": 0.8,
        "peak_mib": 2000.0,
    }
    lines = bench.table({"in memory": one, "on disk": {**one, "peak_mib": 300.0}}).splitlines()
    assert "| peak memory above the start, MiB | 2,000 | 300 |" in lines
    assert lines[-1] == "| `cnn` | 3.0 s | 3.0 s |"
