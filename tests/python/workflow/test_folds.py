"""A run with folds: everything is of networks that have not seen the sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import model
from tissueshap._core import slots
from tissueshap.cli import _lines

pytestmark = pytest.mark.r
Finished = tuple[Path, ad.AnnData]


def _table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / "tables" / f"{name}.tsv", sep="\t")


def test_every_sample_is_predicted_and_explained(folded_run: Finished) -> None:
    _, adata = folded_run
    steps = slots.table(adata, "workflow", "timings")["step"].tolist()
    assert "folds" in steps
    assert not {"predict", "shap"} & set(steps)
    assert (adata.obs["split"] == "both").all()
    assert not np.isnan(adata.layers["shap"]).any()
    assert len(slots.table(adata, "shap", "samples")) == adata.n_obs


def test_the_summary_and_the_command_line_tell_the_spread(folded_run: Finished) -> None:
    out, adata = folded_run
    found = json.loads((out / "summary.json").read_text())
    scores = slots.table(adata, "evaluate", "folds")["macro_f1"]
    assert found["n_folds"] == 3
    assert found["macro_f1_folds"] == pytest.approx(scores.tolist())
    said = dict(_lines(found))
    assert said["samples"] == "90 (in 3 folds)"
    assert said["macro F1"].endswith(f"({scores.min():.3f} to {scores.max():.3f} over the folds)")


def test_the_saved_model_is_trained_on_all_samples(folded_run: Finished) -> None:
    out, adata = folded_run
    loaded: Any = model.load(out / "model")
    proba = loaded.predict_proba(adata.layers["log2"])
    assert np.abs(proba - np.asarray(adata.obsm["proba"])).max() > 0.01
    assert len(slots.table(adata, "oversample", "table")) == 3 * 35


def test_the_report_shows_the_folds(folded_run: Finished) -> None:
    out, adata = folded_run
    page = (out / "report.html").read_text(encoding="utf-8")
    for words in (
        "by one of 3 networks that was not trained on it",
        "The samples were divided into 3 folds, all samples of a donor in one.",
        "Do the folds agree?",
        "SD over folds",
        "One division into folds",
        "The saved classifier is another network",
        "This is the saved network, which was trained on all samples.",
    ):
        assert words in page
    for words in ("One split, one training", "Donors on both sides", "held out\n"):
        assert words not in page
    assert "All samples" in page
    assert len(_table(out, "evaluate_folds")) == len(_table(out, "cross_validate_folds")) == 3
    genes = _table(out, "genes")
    assert genes["n_folds"].between(0, 3).all()
    assert (genes["rank_low"] <= genes["rank_high"]).all()
    assert set(_table(out, "select_genes_folds")["class"]) == set(adata.obs["tissue"])


def test_results_are_brought_up_to_date_without_training_again(
    folded_run: Finished, updated_run: Finished
) -> None:
    (before, first), (out, adata) = folded_run, updated_run
    text = (out / "log.txt").read_text(encoding="utf-8")
    assert "--fdr has changed" in text
    assert "steps are kept from before" in text
    assert "samples train" not in text
    assert adata.uns["tissueshap"]["de"]["params"]["fdr"] == 0.2
    np.testing.assert_array_equal(adata.layers["shap"], first.layers["shap"])
    names = [sorted(path.name for path in (each / "folds").iterdir()) for each in (before, out)]
    assert names == [["1", "2", "3"]] * 2
    for name in names[0]:
        models = [model.load(each / "folds" / name) for each in (before, out)]
        assert models[0].fingerprint() == models[1].fingerprint()
