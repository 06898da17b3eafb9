"""The benchmark for GPUs runs on a CPU, smaller, and counts its arithmetic."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tissueshap.model import PRESETS
from tissueshap.model._architectures import build

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"

#: What a machine without TensorFlow is like.
_WITHOUT_TENSORFLOW = """
import runpy, sys
sys.modules["tensorflow"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_the_papers_network_is_counted(benchmark_module):
    bench = benchmark_module("bench_gpu")
    network = build(PRESETS["paper"], n_genes=144, n_classes=47)
    convolutions = 144 * 9 * (32 + 32 * 64) + 36 * 9 * (64 * 128 + 128 * 256)
    dense = 9 * 256 * 512 + 512 * 47
    assert bench.forward_flop(network) == 2 * (convolutions + dense)
    assert bench.peak_of("NVIDIA H100 80GB HBM3", mixed=True, given=None) == 989.4e12
    assert bench.peak_of("cpu", mixed=False, given=None) is None


@pytest.mark.parametrize(
    ("took", "flop", "host", "limit"),
    [
        (10, 5e15, 1, "the device's arithmetic"),
        (10, 5e14, 1, "the device's memory"),
        (10, 5e14, 6, "the host"),
    ],
)
def test_the_limit_is_told_from_the_times(benchmark_module, took, flop, host, limit):
    found = benchmark_module("bench_gpu").figure(took, flop, 1e15, host)
    assert found["limited_by"].startswith(limit)
    assert found["fraction_of_peak"] == pytest.approx(flop / took / 1e15)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_it_runs_on_a_cpu_and_without_tensorflow(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"the optional package {backend} is not installed")
    start = [] if backend == "tensorflow" else ["-c", _WITHOUT_TENSORFLOW]
    out = tmp_path / "gpu.json"
    subprocess.run(
        [sys.executable, *start, FOLDER / "bench_gpu.py", "--small", "--peak", "1", "--out", out],
        check=True,
        env={
            **os.environ,
            "KERAS_BACKEND": backend,
            "PYTHONPATH": str(FOLDER.parents[1] / "python"),
        },
        timeout=400,
    )
    figures = json.loads(out.read_text(encoding="utf-8"))
    assert figures["backend"] == backend
    for part in ("epoch", "explaining"):
        assert figures[part]["seconds"] > 0
        assert 0 < figures[part]["fraction_of_peak"] < 1
        assert figures[part]["limited_by"]
    assert figures["explaining"]["seconds_a_sample"] > 0
