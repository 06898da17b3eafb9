"""The section that asks whether the explanation can be trusted."""

import pandas as pd

from tissueshap import report
from tissueshap._core import slots
from tissueshap.report._trust import trust_figures


def _table(**changed):
    row = {
        "check": "use",
        "question": "Does the model use <these> genes?",
        "measure": "area between curves",
        "value": 0.1974,
        "chance": 0.0012,
        "threshold": 0.1,
        "higher": True,
        "verdict": "holds",
        "reason": "94 samples",
    }
    other = {"check": "seeds", "question": "Are they stable?", "reason": "not asked for"}
    absent = dict.fromkeys(("value", "chance", "threshold"), float("nan"))
    return pd.DataFrame([row, {**row, **absent, **other, "verdict": "not measured", **changed}])


def test_the_section_has_a_row_a_question_and_no_markup_of_its_own(finished, tmp_path):
    truth = {"method": "SHAP", "kind": "subtle", "n_planted": 9, "n_found": 6, "recall": 2 / 3}
    truth = pd.DataFrame([{**truth, "n_called": 20, "precision": 0.3, "average_precision": 0.857}])
    marked = {"class": ["Liver", "<b>Skin</b>"], "n_test": [10, 8], "n_genes": [12, 12]}
    marked = pd.DataFrame({**marked, "n_standing_out": [11, 3], "share": [11 / 12, 0.25]})
    found = {"summary": _table(), "truth": truth, "specificity": marked}
    slots.write(finished, "trust", {"uns": found}, params={"checks": ["use"]}, seed=42)
    drawn = trust_figures(finished)
    page = report.build(finished, tmp_path / "r.html", figures=drawn).read_text(encoding="utf-8")
    section = page[page.index('<section id="trust">') :]
    section = section[: section.index("</section>")]
    assert "Does the model use &lt;these&gt; genes?" in section
    assert "≥ –" not in page and "≤ –" not in page
    for shown in ("0.197", "0.001", "≥ 0.100", "holds", "not measured", "not asked for", "0.857"):
        assert shown in section, shown
    assert section.index("&lt;b&gt;Skin") < section.index("Liver</td>")  # the weakest first
    assert 'href="#trust"' in page
    assert 'id="figure-trust"' in section
    assert 'id="figure-curves"' not in section


def test_without_the_verb_there_is_no_section(finished, tmp_path):
    page = report.build(finished, tmp_path / "r.html", figures={}).read_text(encoding="utf-8")
    assert trust_figures(finished) == {}
    assert "Can it be trusted?" not in page
