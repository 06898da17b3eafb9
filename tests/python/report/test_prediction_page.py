"""The page about new samples, made from made-up predictions."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import pl, report
from tissueshap._core import slots
from tissueshap.calibration import Calibration, Novelty, Scaling, Thresholds
from tissueshap.model import Classifier
from tissueshap.report._reasons import reason

CLASSES = ["Heart", "Liver <b>", "Lung"]
NASTY = '<script>alert("x")</script>'
#: Sample, probabilities, possible classes, distance, verdict.
SAMPLES = (
    ("sure", (0.97, 0.02, 0.01), "Heart", 0.02, "known"),
    ("mixed", (0.50, 0.45, 0.05), "Heart; Liver <b>", 0.1, "ambiguous"),
    ("nearly", (0.90, 0.07, 0.03), "Heart; Liver <b>", 0.03, "ambiguous"),
    ("nothing", (0.40, 0.35, 0.25), "", 0.2, "ambiguous"),
    (NASTY, (0.80, 0.1, 0.1), "Heart", 0.9, "unfamiliar"),
)


#: Runs after the page's own script: shows one verdict, and writes down what is seen.
_USE = """<script>
const pick = document.getElementById("sample-group");
pick.value = "ambiguous";
pick.dispatchEvent(new Event("change"));
const shown = Array.from(document.getElementById("sample-table").tBodies[0].rows)
  .filter((row) => row.offsetParent !== null).map((row) => row.cells[0].textContent);
const wide = document.documentElement;
const probe = document.createElement("pre");
probe.id = "probe";
probe.textContent = JSON.stringify({
  shown, count: document.getElementById("sample-count").textContent,
  images: Array.from(document.images).map((i) => i.complete && i.naturalWidth > 0),
  overflow: wide.scrollWidth - wide.clientWidth,
});
document.body.append(probe);
</script>"""


class _Network:
    """Stands for a network of which the page needs the fingerprint."""

    def get_weights(self) -> list[np.ndarray]:
        return [np.zeros(2)]

    def count_params(self) -> int:
        return 2


@pytest.fixture
def model() -> Classifier:
    centre, directions = np.zeros(4, np.float32), np.eye(3, 4, dtype=np.float32)
    limits = {level: np.full(3, 0.5) for level in (0.9, 0.95)}
    calibration = Calibration(
        Scaling("temperature", np.ones(3), np.zeros(3)),
        Thresholds({0.9: 0.4, 0.95: 0.5}, limits),
        Novelty(centre, directions),
        np.linspace(0, 0.5, 99, dtype=np.float32),
        np.linspace(-0.5, 0, 99, dtype=np.float32),
        "out-of-fold",
        99,
    )
    bins = {"low": 0.8, "high": 1.0, "n": 20, "confidence": 0.9, "accuracy": 0.8}
    rows = [{**bins, "stage": stage} for stage in ("before", "after")]
    measured = {"measured_on": "test", "ece_before": 0.123, "ece_after": 0.012, "reliability": rows}
    scores = {"macro_f1": 0.876, "accuracy": 0.9, "n_test": 40, "baseline_macro_f1": 0.8}
    per_class = [{"class": c, "n": 9, "precision": 1.0, "recall": 0.9, "f1": 0.95} for c in CLASSES]
    return Classifier(
        _Network(),
        CLASSES,
        ["G1", "G2"],
        "small",
        pd.DataFrame(),
        label="tissue",
        calibration=calibration,
        card={"scores": scores, "per_class": per_class, "calibration": measured, "limits": "None."},
    )


@pytest.fixture
def adata() -> ad.AnnData:
    names, proba, sets, distance, verdicts = (list(column) for column in zip(*SAMPLES, strict=True))
    values = np.array(proba, dtype=np.float32)
    adata = ad.AnnData(np.ones((5, 2), dtype=np.int32), obs=pd.DataFrame(index=names))
    distance = np.array(distance, dtype=np.float32)
    found = {
        "obs": {
            "predicted": pd.Categorical.from_codes(values.argmax(axis=1), pd.Index(CLASSES)),
            "confidence": values.max(axis=1),
            "prediction_set": np.array(sets, dtype=object),
            "novelty": distance,
            "novelty_pvalue": np.array([0.9, 0.5, 0.8, 0.3, 0.01]),
            "nearest_class": pd.Categorical.from_codes([0, 0, 0, 1, 2], pd.Index(CLASSES)),
            "mixture_pvalue": np.array([0.9, 0.5, 0.8, 0.3, 1.0]),
            "verdict": pd.Categorical(verdicts),
        },
        "obsm": {
            "proba": pd.DataFrame(values, columns=CLASSES),
            "X_classes": np.zeros((5, 2), dtype=np.float32),
        },
        "uns": {
            "classes": CLASSES,
            "n_filled": 1,
            "overlap": 0.5,
            "matched_by": ["var_names", "symbol"],
        },
    }
    slots.write(adata, "predict", found, params={})
    return adata


@pytest.fixture
def genes() -> pd.DataFrame:
    rows = [
        (name, "Heart", rank, f"G{rank}", f"MYH{rank}", 0.1, 9.0 if rank == 1 else 5.0, 7.0)
        for name, *_ in SAMPLES
        for rank in (1, 2)
    ]
    columns = "sample class rank gene symbol shap expression training_median".split()
    return pd.DataFrame(rows, columns=columns)


def _page(adata: ad.AnnData, model: Classifier, folder: Path, **more: Any) -> str:
    table = more.pop("table", None)
    table = report.prediction_table(adata) if table is None else table
    path = report.build_predictions(adata, model, folder / "p.html", table=table, **more)
    return path.read_text("utf-8")


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page[page.index("<main>") :]).split())


def test_the_answer_is_in_one_sentence(
    adata: ad.AnnData, model: Classifier, genes: pd.DataFrame, tmp_path: Path
) -> None:
    text = _text(_page(adata, model, tmp_path, genes=genes, source="new.tsv"))
    assert "A model that knows 3 classes (tissue) was applied to 5 samples." in text
    assert "1 has one class (known), 3 could be of several classes or of none" in text
    assert "1 is unlike the samples of every class" in text
    assert "new.tsv" in text
    assert "90.0% of its answers were correct" in text
    assert "expected calibration error 0.012; before calibration 0.123" in text
    assert "50.0% of the 2 genes of the model, found by var_names of the data and symbol" in text
    assert "The other 1 got the median of the training samples" in text


def test_the_page_needs_no_other_file_and_escapes_names(
    adata: ad.AnnData, model: Classifier, genes: pd.DataFrame, tmp_path: Path
) -> None:
    page = _page(
        adata, model, tmp_path, genes=genes, title=NASTY, source=NASTY, warned=[f"bad {NASTY}"]
    )
    assert page.count("<script>") == 1
    assert NASTY not in page
    assert "Liver <b>" not in page
    assert not re.search(r"https?://|@import|url\(", page)
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links <= set(ids)
    assert {"figure-reliability", "figure-distances", "figure-map"} <= set(ids)


def test_uncertain_samples_have_cards_with_a_reason(
    adata: ad.AnnData, model: Classifier, genes: pd.DataFrame, tmp_path: Path
) -> None:
    page = _page(adata, model, tmp_path, genes=genes)
    cards = page.split("<article")[1:]
    assert len(cards) == 4
    assert "unfamiliar" in cards[0]  # what needs attention comes first
    assert "MYH1" in cards[0]
    assert "↑" in cards[0]
    assert "↓" in cards[0]
    assert not any(">sure<" in card for card in cards)


def test_reasons_name_classes_and_numbers(adata: ad.AnnData, model: Classifier) -> None:
    assert model.calibration is not None
    rows = report.prediction_table(adata).to_dict("records")
    said = {row["sample"]: reason(row, model.calibration.reference) for row in rows[1:]}
    assert said["mixed"].startswith("Heart (50%) and Liver <b> (45%) share the probability.")
    assert "Liver <b> (7%) cannot be ruled out" in said["nearly"]
    assert "Heart, with 40%" in said["nothing"]
    assert "further from every class than all the 99 samples of known classes" in said[NASTY]
    assert "The nearest class is Lung." in said[NASTY]
    between = {**rows[4], "novelty": model.calibration.reference[97] - 1e-4}
    assert "than 98.0% of the 99 samples" in reason(between, model.calibration.reference)


def test_more_than_three_classes_are_counted() -> None:
    row = {
        **{"verdict": "ambiguous", "prediction_set": "a; b; c; d; e", "predicted": "a"},
        "mixture_pvalue": 0.4,
        **{"confidence": 0.4, "class_2": "b", "probability_2": 0.2},
        **{"class_3": "c", "probability_3": 0.15},
    }
    assert reason(row, np.zeros(9)).startswith("a (40%), b (20%), c (15%) and 2 more share")


def test_a_mixture_names_both_classes() -> None:
    row = {"verdict": "ambiguous", "mixture_pvalue": 0.01, "prediction_set": "a", "predicted": "a"}
    said = reason({**row, "nearest_class": "a", "second_class": "c"}, np.zeros(9))
    assert said.startswith("It resembles an equal mixture of a and c more than either")


def test_a_sample_between_classes_is_named_in_the_table(
    adata: ad.AnnData, model: Classifier, tmp_path: Path
) -> None:
    table = report.prediction_table(adata)
    mixed = table["sample"] == "mixed"
    table["second_class"] = ""  # text, as of a calibrated model
    table.loc[mixed, ["mixture_pvalue", "nearest_class", "second_class"]] = [0.01, "Heart", "Lung"]
    page = _page(adata, model, tmp_path, table=table)
    assert "<td>between Heart and Lung</td>" in page
    assert "It resembles an equal mixture of Heart and Lung" in page


def test_known_classes_are_compared(adata: ad.AnnData, model: Classifier, tmp_path: Path) -> None:
    truth = pd.DataFrame(
        {
            "true_class": ["Heart", "Liver <b>", "", "Heart", "Spleen"],
            "model_class": ["Heart", "Liver <b>", "", "Heart", ""],
        }
    )
    table = report.prediction_table(adata, truth)
    assert table["correct"].tolist() == ["yes", "no", "", "yes", ""]
    counts = report.prediction_counts(table)
    assert counts["comparison"]["by_verdict"]["unfamiliar"] == {
        **{"n_scored": 0, "n_correct": 0, "n_unknown": 1}
    }
    text = _text(_page(adata, model, tmp_path, table=table))
    assert "Of 3 samples whose class the model knows, 2 (66.7%) have the class" in text
    assert "1 sample is of classes that the model does not know" in text
    assert "Samples with another class than stated" in text


def test_a_model_without_calibration_and_card_has_a_page(
    adata: ad.AnnData, model: Classifier, tmp_path: Path
) -> None:
    for name in ("prediction_set", "novelty", "novelty_pvalue", "nearest_class", "verdict"):
        del adata.obs[name]
    plain = replace(model, calibration=None, card={})
    text = _text(_page(adata, plain, tmp_path))
    assert "the model cannot say which answers are certain, because it is not calibrated" in text
    assert "does not state how often it was correct" in text
    assert "Uncertain samples" not in text


def test_the_page_is_short_with_many_samples(
    adata: ad.AnnData, model: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tissueshap.report._prediction_page._MOST_CARDS", 2)
    monkeypatch.setattr("tissueshap.report._prediction_page._MOST_ROWS", 3)
    page = _page(adata, model, tmp_path)
    assert page.count("<article") == 2
    assert "The 2 least certain of 4" in _text(page)
    assert "The 3 least certain of 5 samples" in _text(page)
    table = page[page.index('id="sample-table"') :]
    assert table[: table.index("</table>")].count("<tr data-group") == 3


def test_too_few_samples_for_a_limit_are_named(
    adata: ad.AnnData, model: Classifier, tmp_path: Path
) -> None:
    assert model.calibration is not None
    few = replace(model.calibration, reference=np.linspace(0, 0.5, 18), n_samples=18)
    assert few.limit == np.inf
    text = _text(_page(adata, replace(model, calibration=few), tmp_path))
    assert "calibrated with 18 samples, too few to call any sample unfamiliar" in text


def test_the_limit_is_where_the_verdict_changes(model: Classifier) -> None:
    calibration = model.calibration
    assert calibration is not None
    features = np.array([[1, 0, 0, x] for x in np.linspace(0, 3, 400)], dtype=np.float32)
    judged = calibration.judge(np.tile([9.0, 0, 0], (400, 1)), features)
    np.testing.assert_array_equal(
        judged.verdicts == "unfamiliar", judged.distance > calibration.limit
    )
    assert (judged.verdicts == "unfamiliar").any()


def test_classes_lie_on_the_map_where_their_samples_do(model: Classifier) -> None:
    assert model.calibration is not None
    novelty = model.calibration.novelty
    np.testing.assert_allclose(
        novelty.map(5 * novelty.directions), novelty.map_of_classes(), atol=1e-6
    )
    axes, share = novelty.axes()
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-6)
    assert share == pytest.approx(1)  # three classes span a plane
    assert (np.abs(axes).max(axis=1) == axes.max(axis=1)).all()


def test_the_figures_show_every_group() -> None:
    verdicts = np.array(["known", "unfamiliar", "known"])
    drawn = pl.distances(np.linspace(0, 0.5, 30), np.array([0.1, 0.7, 0.2]), verdicts, 0.45)
    above, below = drawn.axes
    assert sum(bar.get_height() for bar in above.patches) == 30
    assert max(bar.get_height() + bar.get_y() for bar in below.patches) >= 1
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == [
        *("known", "ambiguous", "unfamiliar")
    ]
    places = np.array([[0.0, 0.0], [1.0, 0.0]])
    mapped = pl.class_map(["a", "b$x"], places, np.zeros((3, 2)), verdicts)
    assert {text.get_text() for text in mapped.axes[0].texts} == {"a", r"b\$x"}
    table = pd.DataFrame(
        {"stage": ["before", "after"], "n": 5, "confidence": [0.9, 0.8], "accuracy": [0.7, 0.8]}
    )
    record = {"ece_before": 0.2, "ece_after": 0.0, "measured_on": "test"}
    lines = pl.reliability_diagram(table, record).axes[0].lines
    assert [line.get_xydata().tolist() for line in lines[1:]] == [[[0.9, 0.7]], [[0.8, 0.8]]]


@pytest.mark.parametrize("width", [1300, 400])
def test_a_reader_chooses_a_verdict_in_a_browser(
    chromium: Callable[..., subprocess.CompletedProcess[str]],
    adata: ad.AnnData,
    model: Classifier,
    genes: pd.DataFrame,
    tmp_path: Path,
    width: int,
) -> None:
    page = tmp_path / "used.html"
    page.write_text(
        _page(adata, model, tmp_path, genes=genes).replace("</body>", _USE + "</body>"), "utf-8"
    )
    done = chromium(f"--window-size={width},900", "--dump-dom", page.as_uri())
    assert "CONSOLE" not in done.stderr
    probe = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert probe is not None
    found = json.loads(unescape(probe[1]))
    assert found["shown"] == ["nothing", "mixed", "nearly"]
    assert found["count"] == "3 of 5 rows"
    assert found["images"] == [True] * 3
    assert found["overflow"] <= 0
