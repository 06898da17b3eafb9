"""The race against shap runs, at a tiny size."""

from __future__ import annotations

import json

import pytest

from tissueshap import settings


@pytest.mark.slow
def test_it_measures_all_that_is_asked(benchmark_module, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(settings, "progress", settings.progress)  # put back afterwards
    bench = benchmark_module("bench_shap")
    figures = bench.run(bench.TINY, out=tmp_path / "bench.json")
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(figures))
    for z in (figures["agreement"][name] for name in ("stratified", "monte_carlo")):
        assert abs(z["mean"]) < 0.6
        assert 0.7 < z["sd"] < 1.6
    speed = figures["speed"]
    # All classes cost shap as many times the work; even a tiny network shows it.
    assert speed["times_faster_than_shap"]["core"] > 5
    assert speed["draws"]["ours"] <= speed["draws"]["plain"]
    few, many = figures["peak_rss_mib"].values()
    assert many < 1.1 * few
    printed = capsys.readouterr().out
    assert [line[:3] for line in printed.splitlines()[:6]] == ["(a)"] * 2 + ["(b)"] * 3 + ["(c)"]
