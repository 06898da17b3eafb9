"""What fails is said first: in the report, in its caveats, in the summary."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tissueshap import report
from tissueshap._core import slots
from tissueshap.report._caveats import caveats
from tissueshap.report._failures import failures


def row(check, verdict, value=0.2, **changed):
    question = f"Is {check} <right>?"
    measured = {"measure": "m", "value": value, "chance": 0.1, "threshold": 0.55}
    return {
        **{"check": check, "question": question, **measured, "higher": True},
        **{"verdict": verdict, "reason": "", **changed},
    }


@pytest.fixture
def doubtful(finished):
    """A result of which two of three checks fail, and that overlaps with DE by chance."""
    nothing = dict.fromkeys(("value", "chance", "threshold"), float("nan"))
    rows = [
        row("use", "holds", 0.9),
        row("use", "fails", 0.01, question="Does it use them more than others?"),
        row("specificity", "fails", 0.24),
        row("bootstrap", "holds", 0.9),
        row("truth", "not measured", **nothing),
    ]
    slots.write(finished, "trust", {"uns": {"summary": pd.DataFrame(rows)}}, params={})
    record = finished.uns["tissueshap"]
    record["compare"] |= {"n_shap": 100, "n_both": 19, "overlap_fraction": 0.19, "expected": 20.0}
    record["cnn"] |= {"learning_rate": 1e-3, "retries": 3, "diverged": True}
    return finished


def test_failures_are_counted_by_check(doubtful):
    said = [words for _, words, _ in failures(doubtful)]
    assert said[0] == (
        "2 of 3 checks fail: Does it use them more than others? Is specificity <right>?"
    )
    assert said[1] == (
        "19% of its genes are also differentially expressed, 20% expected by chance."
    )
    assert said[2].startswith("The training diverged")


def test_the_report_opens_with_them(doubtful, tmp_path):
    path = report.build(doubtful, tmp_path / "r.html", figures={})
    page = path.read_text(encoding="utf-8")
    opening = page[page.index('<p class="lead') :]
    assert opening.startswith('<p class="lead failures">\n2 of 3 checks fail')
    assert opening.index("19% of its genes") < opening.index("A classifier learned")
    assert "Is specificity &lt;right&gt;?" in opening
    assert "(20% expected by chance)" in opening
    first = [heading for heading, _ in caveats(doubtful)][:3]
    assert first == [heading for heading, *_ in failures(doubtful)]


def test_the_summary_has_the_verdicts(doubtful):
    found = report.summarise(doubtful)
    json.dumps(found, allow_nan=False)
    assert list(found["trust"]) == ["use", "specificity", "bootstrap"]
    # Of a check with two rows, the one that fails.
    assert found["trust"]["use"]["verdict"] == "fails"
    assert found["trust"]["use"]["value"] == 0.01
    assert found["trust"]["specificity"] == {
        **{"verdict": "fails", "value": 0.24, "threshold": 0.55, "chance": 0.1},
        **{"question": "Is specificity <right>?", "measure": "m"},
    }
    assert found["training"] == {"learning_rate": 1e-3, "retries": 3, "diverged": True}
    assert found["overlap_expected"] == 0.2
    assert len(found["failures"]) == 3


def test_a_sound_result_has_none(finished, tmp_path):
    assert failures(finished) == []
    page = report.build(finished, tmp_path / "r.html", figures={}).read_text(encoding="utf-8")
    assert 'class="lead failures"' not in page
    assert report.summarise(finished)["trust"] == {}


def test_a_training_that_was_repeated_is_a_caveat(finished):
    record = finished.uns["tissueshap"]["cnn"]
    assert "The training was repeated" not in dict(caveats(finished))
    record |= {"learning_rate": 2.5e-4, "retries": 1, "diverged": False}
    words = dict(caveats(finished))["The training was repeated"]
    assert "diverged once" in words
    assert "0.00025" in words
    assert failures(finished) == []
