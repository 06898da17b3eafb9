"""The trial of the table of trust: what is stated, and how it is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def bench(benchmark_module, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return benchmark_module("bench_verdicts")


def test_each_wrong_situation_names_a_check_that_is_made_and_no_other_does(bench):
    for name, situation in bench.SITUATIONS.items():
        if situation.kind == "wrong":
            assert situation.must in (*bench.TRIED, *situation.also), name
        else:
            assert situation.must == "", name
    wrong = [name for name, s in bench.SITUATIONS.items() if s.kind == "wrong"]
    assert len(wrong) >= 20


def test_each_half_has_good_and_wrong_situations(bench):
    for half in bench.HALVES:
        cohorts = [name for name, about in bench.COHORTS.items() if about.half == half]
        kinds = {s.kind for name in cohorts for _, s in bench.situations_of(name)}
        assert kinds == {"good", "wrong", "unseen"}


def test_stability_is_held_to_what_was_measured_without_the_checks(bench, monkeypatch, tmp_path):
    path = tmp_path / "recurrence.json"
    name = "logistic regression"
    checks = {"bootstrap": {"value": 0.3, "recurs": False}, "seeds": {"value": 0.6, "recurs": True}}
    path.write_text(json.dumps([{"cohort": "c", "situation": name, "checks": checks}]))
    monkeypatch.setattr(bench, "RECURRENCE", path)
    rows = pd.DataFrame(
        [
            *rows_of(name, "good", "", bootstrap="fails", seeds="holds"),
            # Another explanation of the same model.
            *rows_of("values of shap", "good", "", bootstrap="holds", seeds="fails"),
        ]
    )
    trials = bench.by_trial(rows)
    found = bench.of_stability(trials).set_index(["check", "recurs"])
    assert found.loc[("bootstrap", False), ["right", "n"]].tolist() == [1, 2]
    assert found.loc[("seeds", True), ["right", "n"]].tolist() == [1, 2]
    assert found.loc[("folds", True), "n"] == 0
    whole = bench.of_table(trials)
    told = "the same, no check fails that should hold: of stability, where the genes recur"
    assert whole[told] == (1, 2)


def rows_of(situation, kind, must, **verdicts):
    about = {"half": "report", "cohort": "c", "situation": situation, "kind": kind, "must": must}
    return [{**about, "check": check, "verdict": verdict} for check, verdict in verdicts.items()]


def test_trials_are_counted_by_what_fails(bench):
    rows = pd.DataFrame(
        [
            *rows_of("sound", "good", "", repeat="holds", lists="fails"),
            *rows_of("sounder", "good", "", repeat="holds", lists="not measured"),
            *rows_of("noise", "wrong", "repeat", repeat="fails", lists="holds"),
            *rows_of("missed", "wrong", "repeat", repeat="holds", lists="holds"),
            *rows_of("unknown", "wrong", "repeat", repeat="not measured", lists="holds"),
        ]
    )
    trials = bench.by_trial(rows)
    whole = bench.of_table(trials)
    assert whole["wrong, any check fails"] == (1, 3)
    assert whole["good networks of tl.cnn, no check fails"] == (1, 2)
    checks = bench.of_checks(trials).set_index("check")
    assert checks.loc["repeat", ["must", "fails", "good", "holds"]].tolist() == [3, 1, 2, 2]
    assert checks.loc["repeat", "unmeasured"] == 1
    last = bench.tables(rows)["checks"].splitlines()[-2]
    assert last.startswith("| `repeat` | 1 of 3 (0.06 to 0.79), 1 not measured | 2 of 2")
    assert checks.loc["lists", ["must", "good", "holds"]].tolist() == [0, 1, 0]
    assert bench.share(1, 2) == "1 of 2 (0.09 to 0.91)"


def test_stability_is_counted_apart_for_models_from_elsewhere(bench):
    rows = pd.DataFrame(
        [
            *rows_of("logistic regression", "good", "", bootstrap="fails", use="holds"),
            *rows_of("a random forest", "good", "", bootstrap="holds", use="fails"),
            *rows_of("the default", "good", "", bootstrap="holds", use="holds"),
        ]
    )
    whole = bench.of_table(bench.by_trial(rows))
    assert whole["good networks of tl.cnn, no check fails"] == (1, 1)
    assert whole["good models and attributions from elsewhere, no check fails"] == (0, 2)
    apart = "the same, no check but those of stability (`bootstrap`, `seeds`, `folds`) fails"
    assert whole[apart] == (1, 2)


def test_models_from_elsewhere_are_right_and_wrong_and_of_many_kinds(bench):
    kinds = pd.Series([s.kind for s in bench.SITUATIONS.values() if s.foreign]).value_counts()
    assert kinds["good"] >= 10
    assert kinds["wrong"] >= 15
    for cohort, about in bench.COHORTS.items():
        if about.half != "set":
            names = {name for name, _ in bench.situations_of(cohort)}
            assert set(bench.GOOD) | set(bench.FOREIGN_GOOD) <= names


def test_the_page_has_the_tables_of_the_stored_trials(bench):
    page = bench.PAGE.read_text("utf-8")
    for name, table in bench.tables(bench.read(bench.SUMMARY)).items():
        assert table in page, name
    stored = {trial["situation"] for trial in json.loads(bench.SUMMARY.read_text("utf-8"))}
    assert stored == set(bench.SITUATIONS)
