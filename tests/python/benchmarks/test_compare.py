"""New results of benchmarks are compared with the committed ones: what is allowed, what is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
#: The committed results that have rules.
COMMITTED = sorted(
    path.name for name in ("bench_de", "bench_shap") for path in FOLDER.glob(f"{name}*.json")
)


@pytest.fixture(scope="module")
def compare(benchmark_module):
    return benchmark_module("compare")


def _changed(results: Any, keys: list[str], change) -> Any:
    """Return a copy of results with one figure changed, or removed where `change` is None."""
    copy = json.loads(json.dumps(results))
    inner = copy
    for key in keys[:-1]:
        inner = inner[key]
    if change is None:
        del inner[keys[-1]]
    else:
        inner[keys[-1]] = change(inner[keys[-1]])
    return copy


def _status(compare, tmp_path: Path, name: str, results: Any) -> int:
    new = tmp_path / name
    new.write_text(json.dumps(results), encoding="utf-8")
    return compare.main([str(new)])


def test_quick_results_are_committed_for_each_benchmark_with_rules(compare):
    assert {f"{name}_quick.json" for name in compare.RULES} <= set(COMMITTED)


@pytest.mark.parametrize("name", COMMITTED)
def test_the_committed_results_agree_with_themselves(compare, tmp_path, name):
    results = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert _status(compare, tmp_path, name, results) == 0


@pytest.mark.parametrize(
    ("name", "figure", "change", "status"),
    [
        ("bench_de", "quick.a_over_c", lambda x: 0.6 * x, 0),
        ("bench_de", "quick.a_over_c", lambda x: 0.4 * x, 1),
        ("bench_de", "quick.a_over_c", lambda x: 10 * x, 0),
        ("bench_de", "quick.a_over_c", None, 1),
        ("bench_de", "quick.cpu.c_ours", lambda x: 100 * x, 0),
        ("bench_de", "quick.cpu.c_ours", None, 0),
        ("bench_de", "quick.apart.fdr", lambda _: 1e-4, 1),
        ("bench_de", "quick.apart.fdr", lambda _: float("nan"), 1),
        ("bench_de", "quick.genes", lambda x: x + 1, 1),
        ("bench_shap", "accuracy", lambda _: 0.5, 1),
        ("bench_shap", "agreement.stratified.sd", lambda x: x + 0.1, 0),
        ("bench_shap", "agreement.stratified.sd", lambda x: x - 0.3, 1),
        ("bench_shap", "speed.times_faster_than_shap.core", lambda x: x / 3, 1),
        ("bench_shap", "speed.squared_error.ours", lambda x: 3 * x, 1),
        ("bench_shap", "sizes.seeds", lambda x: x + 1, 1),
    ],
)
def test_a_figure_has_limits(compare, tmp_path, capsys, name, figure, change, status):
    name = f"{name}_quick.json"
    committed = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    assert (
        _status(compare, tmp_path, name, _changed(committed, figure.split("."), change)) == status
    )
    worse = [line for line in capsys.readouterr().out.splitlines() if "WORSE" in line]
    assert len(worse) == status
    assert all(figure in line for line in worse)


def test_a_rule_for_no_figure_is_an_error(compare):
    rows = list(compare.compared({"a": 1}, {"a": 1}, (compare.same("a"), compare.same("b.*"))))
    assert [holds for holds, _ in rows] == [True, False]


def test_a_benchmark_without_rules_is_named(compare, tmp_path):
    (tmp_path / "bench_other.json").write_text("{}")
    with pytest.raises(SystemExit, match="no rules for bench_other"):
        compare.rules_for(tmp_path / "bench_other.json")
