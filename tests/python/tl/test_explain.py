"""New samples, explained against what the model carries."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.datasets import simulate
from tissueshap.model import load, preset
from tissueshap.pp import filter_genes, log2, split, tmm
from tissueshap.tl import calibrate, cnn, explain, predict, rank_genes, shap

pytestmark = pytest.mark.r


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A cohort, its calibrated model from a bundle, and raw counts of new samples."""
    tissues = ["Heart", "Liver", "Lung"]
    adata, new = (simulate(n, 150, tissues=tissues, seed=1) for n in (120, 60))
    new.obs_names = "new" + new.obs_names
    filter_genes(adata, "tissue", subset=True)
    tmm(adata)
    split(adata)
    log2(adata)
    model = calibrate(adata, cnn(adata, preset=preset("small").changed(epochs=5, n_models=1)))
    return adata, load(model.save(tmp_path_factory.mktemp("bundle") / "model")), new


def test_raw_counts_are_predicted_as_in_the_training_cohort(trained):
    adata, model, new = (part.copy() if hasattr(part, "obs") else part for part in trained)
    own = new[:, adata.var_names].copy()
    tmm(own, reference=adata)
    log2(own)
    predict(own, model)
    predict(new, model)
    for slot in ("novelty", "novelty_pvalue", "confidence"):
        np.testing.assert_allclose(new.obs[slot], own.obs[slot], atol=1e-6)
    np.testing.assert_allclose(new.obsm["proba"], own.obsm["proba"], atol=1e-6)
    assert new.uns["tissueshap"]["predict"]["params"]["layer"] == "X"
    assert "log2" not in new.layers


def test_a_single_sample_and_any_order_give_the_same(trained):
    _, model, new = trained
    whole = new.copy()
    predict(whole, model)
    moved = new[::-1].copy()
    predict(moved, model)
    np.testing.assert_allclose(
        moved.obsm["proba"].to_numpy()[::-1], whole.obsm["proba"].to_numpy(), atol=1e-6
    )
    alone = new[3].copy()
    predict(alone, model)
    np.testing.assert_allclose(alone.obsm["proba"], whole.obsm["proba"].iloc[[3]], atol=1e-6)


def test_values_are_those_of_tl_shap_with_the_same_background(trained):
    adata, model, new = trained
    counts = new.copy()
    explain(counts, model, n_draws=400, seed=3)
    own = new[:, adata.var_names].copy()
    tmm(own, reference=adata)
    log2(own)
    own.uns["tissueshap"]["label"] = "tissue"
    rows = np.repeat(np.arange(len(model.background.weights)), model.background.weights.astype(int))
    shap(own, model, samples="all", background=model.background.values[rows], n_draws=400, seed=3)
    where = counts.var_names.get_indexer(own.var_names)
    first, second = counts.layers["shap"][:, where], own.layers["shap"]
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.99
    others = np.setdiff1d(np.arange(counts.n_vars), where)
    assert np.isnan(counts.layers["shap"][:, others]).all()


def test_explained_samples_can_be_ranked(trained):
    _, model, new = trained
    query = new.copy()
    explain(query, model, n_draws=50)
    rank_genes(query, "tissue")
    assert query.varm["shap_rank"].shape == (query.n_vars, 3)


def test_another_class_than_the_predicted_one(trained):
    _, model, new = trained
    query = new[:4].copy()
    explain(query, model, target="Lung", n_draws=20)
    assert set(query.uns["tissueshap"]["shap"]["samples"]["explained"]) == {"Lung"}
    with pytest.raises(DataError, match="Kidney"):
        explain(query, model, target="Kidney")


def test_genes_that_are_filled_are_counted(trained):
    _, model, new = trained
    fewer = new[:, ~new.var_names.isin(model.genes[:5])].copy()
    explain(fewer, model, n_draws=20)
    record = fewer.uns["tissueshap"]["explain"]
    assert record["n_filled"] == 5
    assert 0 <= record["filled_share"] < 0.5


def test_a_model_without_background_says_how_to_get_one(trained):
    adata, _, new = trained
    plain = cnn(adata.copy(), preset=preset("small").changed(epochs=1, n_models=1))
    with pytest.raises(DataError, match=r"run model = ts\.tl\.calibrate"):
        explain(new.copy(), plain)


def test_logarithms_in_place_of_counts_are_refused(trained):
    _, model, new = trained
    query = new.copy()
    query.X = np.log2(query.X + 1.0)
    for verb in (predict, explain):
        with pytest.raises(DataError, match="is not an integer"):
            verb(query, model)


@pytest.mark.parametrize("place", ["counts", "raw"])
def test_counts_of_a_layer_or_of_raw_are_prepared(trained, place):
    _, model, new = trained
    whole, other = new.copy(), new.copy()
    predict(whole, model)
    explain(whole, model, n_draws=4)
    if place == "raw":
        other.raw = new.copy()
        other = other[:, ::2].copy()  # raw has all genes
    else:
        other.layers["counts"] = new.X.copy()
    other.X = np.log1p(other.X)
    with pytest.raises(DataError, match=f"pass counts='{place}'"):
        predict(other, model)
    predict(other, model, counts=place)
    np.testing.assert_allclose(other.obsm["proba"], whole.obsm["proba"], atol=1e-6)
    explain(other, model, n_draws=4)  # the place is remembered
    known = whole.var_names.isin(other.var_names)
    np.testing.assert_allclose(other.layers["shap"], whole.layers["shap"][:, known], atol=1e-6)
    n_genes = len(model.genes)
    n_there = other.var_names.isin(model.genes).sum()
    assert other.uns["tissueshap"]["explain"]["n_filled"] == n_genes - n_there


def test_counts_are_looked_for_where_those_of_training_were(trained):
    adata, _, new = trained
    own, other = adata.copy(), new.copy()
    for one in (own, other):
        one.layers["counts"] = one.X.copy()
        one.X = np.log1p(one.X)
    tmm(own, layer="counts")
    log2(own)
    model = cnn(own, preset=preset("small").changed(epochs=1, n_models=1))
    predict(other, model)
    assert other.uns["tissueshap"]["predict"]["params"]["layer"] == "counts"
