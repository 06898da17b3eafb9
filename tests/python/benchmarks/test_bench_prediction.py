"""The benchmark of predictions: its page, and its measures on a small cohort."""

from __future__ import annotations

import importlib
import json
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tissueshap import datasets, settings
from tissueshap.model import PRESETS

from .conftest import FOLDER


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        return importlib.import_module("bench_prediction")


@pytest.fixture
def study(bench, monkeypatch):
    """Three tissues without R, and another cohort with one of them and a new one."""
    brief = PRESETS["small"].changed(epochs=4, n_models=1)
    monkeypatch.setitem(PRESETS, "default", brief)
    cohort = datasets.simulate(240, 100, tissues=["Heart", "Liver", "Lung", "Spleen"], seed=2)
    counts = np.asarray(cohort.X, dtype=np.float64)
    cohort.layers["tmm"] = (counts / counts.sum(axis=1, keepdims=True) * 1e6).astype(np.float32)
    is_new = (cohort.obs["tissue"].astype(str) == "Spleen").to_numpy()
    second = np.arange(240) % 4 == 0
    adata, other = cohort[~is_new & ~second].copy(), cohort[second].copy()
    for each in (adata, other):
        each.obs["tissue"] = each.obs["tissue"].astype(str).astype("category")
        each.uns = {"tissueshap": {"label": "tissue"}}
    adata.obs["split"] = pd.Categorical(np.where(np.arange(adata.n_obs) % 4 == 1, "test", "train"))
    other.obs_names = "other" + other.obs_names
    return bench.Study(adata, other)


def test_page_has_the_tables_of_what_was_measured(bench):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        tables = importlib.import_module("biology.prediction_tables")
        filled = importlib.import_module("biology.tables").filled
    page = bench.PAGE.read_text("utf-8")
    found = json.loads(bench.SUMMARY.read_text("utf-8"))
    assert page.count("<!-- table: ") == page.count("<!-- end -->") == 5
    assert filled(page, tables.rendered(found)) == page


@pytest.mark.slow
def test_measures_of_a_small_cohort(bench, study):
    with settings.override(progress=False, n_jobs=1):
        found = bench.reliability(study, 42)
    assert found["ece_after"] < found["ece_before"]
    assert {one["level"] for one in found["coverage"]} == {0.9, 0.95}
    assert all(0.7 < one["covered"] <= 1 for one in found["coverage"])
    assert sum(found["mixtures"].values()) == pytest.approx(1)
    other = found["other"]
    assert other["n_known"] + other["n_unknown"] == study.other.n_obs
    assert other["correct"] > 0.9 * other["n_known"]
    assert other["unknown_answered"] < other["n_unknown"]


def test_a_class_that_is_left_out_is_recognised(bench, study):
    with settings.override(progress=False, n_jobs=1):
        found = bench.left_out(study, "Liver", 42)
    assert found["n_new"] == (study.adata.obs["tissue"] == "Liver").sum()
    assert found["auroc"]["distance to the nearest class"] > 0.9
