"""Folds: each sample by a network that has not seen it, and how the folds differ."""

from __future__ import annotations

import itertools

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io, pp, tl
from tissueshap._core.errors import DataError
from tissueshap.tl._trust import one_fold
from tissueshap.trust._agreement import jaccard

TRAIN = {"preset": "small", "epochs": 6}
EXPLAIN = {"n_draws": 10}


@pytest.fixture(scope="module")
def _validated(_toy):
    adata = _toy.copy()
    counts = np.asarray(adata.X, dtype=np.float64)
    adata.layers["tmm"] = (counts / counts.sum(axis=1, keepdims=True) * 1e6).astype(np.float32)
    pp.split(adata, n_folds=3, groups="donor", seed=3)
    pp.log2(adata)
    pp.oversample(adata, method="random", layer="log2", seed=3)
    models = tl.cross_validate(adata, train=TRAIN, explain=EXPLAIN, seed=5)
    tl.evaluate(adata)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="top_n", n_top=8)
    return adata, models


@pytest.fixture
def validated(_validated):
    return _validated[0].copy()


def _alone(adata: ad.AnnData, fold: int) -> ad.AnnData:
    """Return the split of one fold, as an AnnData of its own."""
    alone = ad.AnnData(
        obs=adata.obs[["tissue", "donor"]].copy(),
        var=adata.var[[]].copy(),
        layers={name: adata.layers[name] for name in ("log2", "tmm")},
    )
    alone.obs["split"] = np.where(adata.obs["fold"] == fold, "test", "train")
    return alone


def test_each_sample_is_predicted_and_explained_by_a_network_that_has_not_seen_it(_validated):
    adata, models = _validated
    assert len(models) == 3
    second = _alone(adata, 2)
    pp.oversample(second, "tissue", method="random", layer="log2", seed=6)
    model = tl.cnn(second, "tissue", seed=6, **TRAIN)
    tl.predict(second, model)
    tl.shap(second, model, seed=6, **EXPLAIN)
    own = (adata.obs["fold"] == 2).to_numpy()
    np.testing.assert_allclose(adata.obsm["proba"][own], second.obsm["proba"][own], atol=1e-5)
    np.testing.assert_allclose(adata.layers["shap"][own], second.layers["shap"][own], atol=1e-5)
    predicted, expected = (a.obs["predicted"].astype(str)[own] for a in (adata, second))
    assert (predicted == expected).all()
    np.testing.assert_allclose(
        models[1].predict_proba(adata.layers["log2"][own]), adata.obsm["proba"][own], atol=1e-5
    )


def test_every_sample_is_there_once(validated):
    assert validated.obs["predicted"].notna().all()
    assert validated.obs["confidence"].between(0.25, 1).all()
    right = validated.obs["predicted"].astype(str) == validated.obs["tissue"].astype(str)
    explained = ~np.isnan(validated.layers["shap"]).any(axis=1)
    assert (explained == right).all()
    samples = validated.uns["tissueshap"]["shap"]["samples"]
    assert samples["sample"].is_unique
    assert (validated.obs["fold"].loc[samples["sample"]].to_numpy() == samples["fold"]).all()
    folds = validated.uns["tissueshap"]["cross_validate"]["folds"]
    assert folds["fold"].tolist() == [1, 2, 3]
    assert (folds["n_train"] + folds["n_test"] == validated.n_obs).all()
    assert folds["n_test"].sum() == validated.n_obs
    assert folds["n_correct"].sum() == right.sum()
    assert folds["n_explained"].sum() == right.sum()
    history = validated.uns["tissueshap"]["cross_validate"]["history"]
    # Three networks to a fold, of six epochs each.
    assert history["fold"].value_counts().to_dict() == {1: 18, 2: 18, 3: 18}


def test_scores_are_those_of_all_samples_and_of_each_fold(validated):
    from sklearn.metrics import f1_score

    found = validated.uns["tissueshap"]["evaluate"]
    true, named = (validated.obs[key].astype(str) for key in ("tissue", "predicted"))
    assert found["n_test"] == validated.n_obs
    assert found["macro_f1"] == pytest.approx(f1_score(true, named, average="macro"))
    assert found["macro_f1"] > 0.8
    for row in found["folds"].to_dict("records"):
        own = validated.obs["fold"] == row["fold"]
        assert row["macro_f1"] == pytest.approx(f1_score(true[own], named[own], average="macro"))
        assert row["accuracy"] == pytest.approx((true[own] == named[own]).mean())
    assert found["macro_f1_sd"] == pytest.approx(found["folds"]["macro_f1"].std())
    assert found["per_class"]["f1_sd"].notna().all()
    assert found["n_shared_donors"] == 0


def test_the_baseline_has_not_seen_the_sample_either(validated):
    alone = _alone(validated, 1)
    alone.obs["predicted"] = validated.obs["predicted"]
    tl.evaluate(alone, "tissue")
    folds = validated.uns["tissueshap"]["evaluate"]["folds"]
    expected = alone.uns["tissueshap"]["evaluate"]["baseline_macro_f1"]
    assert folds["baseline_macro_f1"][0] == pytest.approx(expected)


def test_ranks_of_a_fold_are_those_of_its_samples(validated):
    own = validated[validated.obs["fold"] == 3].copy()
    tl.rank_genes(own)
    pd.testing.assert_frame_equal(
        own.varm["shap_rank"], validated.varm["shap_rank_fold_3"], check_names=False
    )


def test_the_selection_says_how_the_folds_differ(validated):
    record = validated.uns["tissueshap"]["select_genes"]
    genes, folds = record["genes"], record["folds"]
    liver = genes[genes["class"] == "Liver"]
    ranks = np.stack([validated.varm[f"shap_rank_fold_{n}"]["Liver"] for n in (1, 2, 3)])
    places = validated.var_names.get_indexer(liver["gene"])
    assert (liver["n_folds"] == (ranks[:, places] <= 8).sum(axis=0)).all()
    assert (liver["rank_low"] == ranks[:, places].min(axis=0)).all()
    assert (liver["rank_high"] == ranks[:, places].max(axis=0)).all()
    expected = np.mean([jaccard(a <= 8, b <= 8) for a, b in itertools.combinations(ranks, 2)])
    row = folds.set_index("class").loc["Liver"]
    assert row["jaccard"] == pytest.approx(expected)
    assert row["n_folds"] == 3
    assert row["jaccard_expected"] < 0.05 < row["jaccard"]


def test_trust_is_asked_of_one_folds_network(validated, _validated):
    models = _validated[1]
    before = validated.obs.copy()
    checks = ["completeness", "bootstrap", "seeds"]
    with pytest.raises(DataError, match="pass the fold of this network"):
        tl.trust(validated, models[1], checks=checks)
    with pytest.raises(DataError, match=r"fold=4: there are the folds \[1, 2, 3\]"):
        tl.trust(validated, models[1], checks=checks, fold=4)
    tl.trust(validated, models[1], checks=checks, fold=2, n_boot=3, n_seeds=1)
    found = validated.uns["tissueshap"]["trust"]
    assert found["params"]["fold"] == 2
    assert set(found["summary"]["verdict"]) > {"holds"}
    samples = validated.uns["tissueshap"]["shap"]["samples"]
    own = samples.loc[samples["fold"] == 2, "completeness"]
    row = found["summary"].set_index("check").loc["completeness"]
    assert row["value"] == pytest.approx(own.median(), abs=1e-3)
    pd.testing.assert_frame_equal(validated.obs, before)


def test_a_fold_is_a_split_of_its_own(validated):
    second = one_fold(validated, "tissue", 2, layer="log2")
    own = (validated.obs["fold"] == 2).to_numpy()
    assert ((second.obs["split"] == "test") == own).all()
    rows = second.uns["tissueshap"]["oversample"]["table"]["sample"]
    assert not own[rows].any()
    pd.testing.assert_frame_equal(second.varm["shap_rank"], validated.varm["shap_rank_fold_2"])
    assert second.uns["tissueshap"]["select_genes"]["n_ranks"] == 8
    assert len(validated.uns["tissueshap"]["shap"]["samples"]) > own.sum()


def test_one_network_afterwards_is_trained_on_all_samples(validated):
    pp.oversample(validated, method="none")
    model = tl.cnn(validated, preset="small", epochs=1)
    assert validated.uns["tissueshap"]["cnn"]["n_rows"] == validated.n_obs
    tl.predict(validated, model)
    with pytest.raises(
        DataError, match="may have been trained on every sample: run ts.tl.cross_validate"
    ):
        tl.evaluate(validated)
    with pytest.raises(DataError, match="run ts.tl.cross_validate"):
        tl.shap(validated, model)


def test_all_classes_explained_are_averaged_over_the_folds(validated, _validated):
    adata = validated
    explain = {**EXPLAIN, "n_draws": 2, "target": "all", "samples": "test", "class_layers": True}
    tl.cross_validate(adata, train={**TRAIN, "epochs": 1}, explain=explain)
    pairs = adata.uns["tissueshap"]["shap"]["pairs"]
    assert len(pairs) == 4 * adata.n_obs
    expected = np.abs(adata.layers["shap_class_Liver"]).mean(axis=0)
    np.testing.assert_allclose(adata.varm["shap_mean_abs"]["Liver"], expected, rtol=1e-5)


def test_a_file_holds_all_of_it(validated, tmp_path):
    io.write_h5ad(validated, tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    tl.evaluate(again, baseline=False)
    tl.select_genes(again, method="top_n", n_top=8)
    before, after = (a.uns["tissueshap"]["select_genes"]["folds"] for a in (validated, again))
    pd.testing.assert_frame_equal(before, after, check_dtype=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"explain": {"samples": "all"}}, "samples='test' explains all of them"),
        ({"train": {"seed": 3}}, "train has 'seed', which is not a setting of ts.tl.cnn"),
        ({"explain": {"draws": 3}}, "explain has 'draws', which is not a setting of ts.tl.shap"),
    ],
)
def test_settings_that_are_none(validated, options, words):
    with pytest.raises(DataError, match=words):
        tl.cross_validate(validated, **options)


def test_without_folds(prepared):
    with pytest.raises(DataError, match="n_folds=5"):
        tl.cross_validate(prepared)


def test_balancing_is_compared_on_one_split(validated):
    with pytest.raises(DataError, match="without folds"):
        tl.compare_balancing(validated)
