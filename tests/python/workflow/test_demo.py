from __future__ import annotations

from pathlib import Path

import pytest

from tissueshap import report, workflow
from tissueshap.workflow._demo import BLOOD_MARKERS

pytestmark = [pytest.mark.r, pytest.mark.slow]


def test_blood_cells(tmp_path: Path) -> None:
    adata = workflow.demo(out=tmp_path / "out", n_starts=5, n_random=3)
    found = report.summarise(adata)
    assert (found["n_samples"], found["n_classes"], found["n_test"]) == (660, 7, 105)
    assert found["macro_f1"] > 0.7
    assert found["overlap_fraction"] > found["n_de_genes"] / found["n_genes"]
    assert found["v_measure"]["shap"] > found["v_measure"]["random"]
    markers = report.score_markers(adata)
    assert len(markers) == sum(len(genes.split()) for genes in BLOOD_MARKERS.values())
    measured = markers[markers["measured"]]
    # Ranks of known markers lie far above those of other genes.
    assert measured["shap_rank"].median() < 0.2 * adata.n_vars
    assert measured["in_de"].mean() > 0.9


def test_simulated_tissues(tmp_path: Path) -> None:
    adata = workflow.demo("simulated", out=tmp_path / "out", n_draws=50, n_starts=2, n_random=1)
    scores = report.score_truth(adata).set_index(["method", "kind"])
    assert scores.loc[("SHAP", "any"), "precision"] > 0.8
    # Genes of the tissues' programmes take some of the places (docs/classifier.md).
    assert scores.loc[("SHAP", "exclusive"), "recall"] > 0.75
    # The default selection is short: half of the subtle markers rank below it.
    assert scores.loc[("SHAP", "subtle"), "recall"] > 0.4
    # Subtle markers are below the threshold of fold change by construction.
    assert scores.loc[("DE", "subtle"), "recall"] < 0.05
    assert scores.loc[("DE", "any"), "precision"] > 0.95
