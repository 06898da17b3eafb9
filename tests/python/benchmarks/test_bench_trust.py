"""The benchmark of trust runs at a tiny size, and goes on where it was."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def bench(benchmark_module, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)  # it takes the readers of cohorts.py
    return benchmark_module("bench_trust")


def test_checks_that_share_their_work_are_made_together(bench):
    asked = ["completeness", "use", "seeds", "order", "methods"]
    assert bench.grouped(asked) == [("completeness",), ("methods", "use"), ("seeds", "order")]
    assert bench.grouped(["order", "truth"]) == [("order",), ("truth",)]


def test_every_study_asks_for_known_checks(bench):
    found = bench.studies(1000, 600, 1, Path())
    assert "compendium" in found
    for study in found.values():
        assert set(study.checks) <= set(bench.CHECKS)


def test_the_table_of_the_page_says_what_failed(bench):
    row = {"check": "use", "measure": "area", "value": 0.25, "chance": 0.01, "verdict": "holds"}
    rows = [row, {**row, "measure": "other area", "verdict": "fails"}]
    rows.append({**row, "check": "order", "verdict": "not measured"})
    study = {
        "macro_f1": 0.9,
        "n_ranks": 8,
        "checks": {"use": {"summary": rows}},
        "cost": {"explaining": 10.0, "quick": 15.0, "explaining, CPU": 2.0, "quick, CPU": 4.0},
    }
    lines = bench.measured({"panel": study, "panel, 5 networks": study}).splitlines()
    assert lines[0] == "| row | panel |"
    assert lines[3:] == [
        "| `use`: area | 0.250 (0.010) |",
        "| `use`: other area | **0.250** (0.010) |",
        "| a quick table, in units of the time of explaining (of the CPU time) | 1.5 (2.0) |",
    ]


@pytest.mark.slow
def test_it_goes_on_where_it_was(bench, monkeypatch, tmp_path, capsys):
    size = ["--samples", "1000", "--genes", "600", "--folder", str(tmp_path / "kept")]
    call = ["bench_trust", "compendium", *size, "--out", str(tmp_path / "out.json")]
    monkeypatch.setattr(sys, "argv", [*call, "--check", "completeness", "truth"])
    bench.main()
    first = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["compendium"]
    assert list(first["checks"]) == ["completeness", "truth"]
    assert first["rules"]["peak"]["planted"] > 0.5
    monkeypatch.setattr(bench, "_explain", None)  # nothing is trained or explained again
    monkeypatch.setattr(sys, "argv", [*call, "--check", "completeness", "bootstrap"])
    bench.main()
    second = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["compendium"]
    assert list(second["checks"]) == ["completeness", "truth", "bootstrap"]
    assert second["checks"]["completeness"] == first["checks"]["completeness"]
    assert "share of the selected genes that are planted" in capsys.readouterr().out
