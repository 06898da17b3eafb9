from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def bench(benchmark_module):
    return benchmark_module("bench_scale")


def test_each_axis_doubles_alone(bench):
    found = bench.sizes({"samples": 10, "genes": 20, "classes": 3}, 2)
    assert [one["genes"] for one in found["genes"]] == [20, 40, 80]
    assert {one["samples"] for one in found["genes"]} == {10}
    assert found["samples"][0] == found["classes"][0]


@pytest.mark.parametrize("power", [0, 1, 2])
def test_the_exponent_is_the_power(bench, power):
    values = 3 * np.array([1.0, 2, 4, 8]) ** power
    assert bench.exponent(values) == pytest.approx(power)


def test_counts_are_those_of_classes_of_equal_size(bench):
    adata = bench.simulated(12, 30, 3)
    assert adata.shape == (12, 30)
    assert adata.obs["tissue"].value_counts().tolist() == [4, 4, 4]
    assert (adata.X >= 0).all()
    assert adata.X.dtype == np.int32


def test_the_peak_is_that_of_the_step(bench):
    found = bench.measured(lambda: np.ones(8 * 2**20).sum())
    assert 50 < found["peak_mib"] < 100
    assert bench.measured(lambda: None)["peak_mib"] < 10


def test_the_table_has_each_step_with_its_exponents(bench):
    steps = {"DE": {"cpu_s": 1.0, "wall_s": 2.0, "peak_mib": 30.0}}
    along = [{"steps": steps}, {"steps": {"DE": {**steps["DE"], "cpu_s": 4.0}}}]
    rows = bench.summary({"genes": along})["genes"]
    assert rows["DE"]["cpu_s_exponent"] == pytest.approx(2)
    assert rows["DE"]["peak_mib_exponent"] == pytest.approx(0)
    text = list(bench.table("genes", [10, 20], rows))
    assert text[-1] == "| DE | 1, 4 | 2.00 | 30, 30 |"
