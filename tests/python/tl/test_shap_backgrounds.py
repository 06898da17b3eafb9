"""What a sample is compared with, and which classes are explained."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap.explain._choose_background import choose
from tissueshap.explain._samples import Rows
from tissueshap.model._input import columns_of
from tissueshap.pp import expand
from tissueshap.tl import shap


def _record(adata, key_added=None):
    return adata.uns["tissueshap"][key_added or "shap"]


def _chosen(adata, model, background, **options):
    rows = Rows(adata.layers["log2"], columns_of(adata, model))
    settings = {"label": "tissue", "layer": "log2", "n_centres": 7, "seed": 1, **options}
    return choose(adata, model, background, rows=rows, **settings)


def _train(adata):
    return np.flatnonzero(adata.obs["split"] == "train")


def _values(background):
    return np.asarray(background.values[np.arange(background.shape[0])])


def test_train_is_the_real_training_samples(learned, model):
    found = _chosen(learned, model, "train")
    np.testing.assert_array_equal(_values(found), learned.layers["log2"][_train(learned)])
    assert np.ptp(found.of(0)) == 0


def test_balanced_is_the_oversampled_set(learned, model):
    found = _chosen(learned, model, "balanced")
    table = learned.uns["tissueshap"]["oversample"]["table"]
    assert found.shape[0] == len(table) > _train(learned).size
    np.testing.assert_allclose(_values(found), expand(learned, table), rtol=1e-6)
    drawn = np.array([5, 2, 5, 5])
    np.testing.assert_array_equal(found.values[drawn], _values(found)[drawn])


def test_stratified_gives_each_class_the_same_weight(learned, model):
    adata = learned[np.r_[_train(learned)[:70], _train(learned)[-20:]]].copy()
    found = _chosen(adata, model, "stratified")
    shares = found.of(0)
    classes = adata.obs["tissue"].astype(str).to_numpy()
    totals = [shares[classes == name].sum() for name in np.unique(classes)]
    assert len(set(np.unique(classes, return_counts=True)[1])) > 1
    np.testing.assert_allclose(totals, 1 / len(totals))


def test_others_leaves_the_explained_class_out(learned, model):
    found = _chosen(learned, model, "others")
    classes = learned.obs["tissue"].astype(str).to_numpy()[_train(learned)]
    for code, name in enumerate(model.classes):
        drawn = found.of(code) > 0
        assert set(classes[drawn]) == set(model.classes) - {name}


def test_kmeans_centres_have_the_mean_of_the_samples(learned, model):
    found = _chosen(learned, model, "kmeans")
    assert found.shape == (7, learned.n_vars)
    mean = learned.layers["log2"][_train(learned)].mean(axis=0)
    np.testing.assert_allclose(found.of(0) @ _values(found), mean, rtol=1e-4)
    again = _chosen(learned, model, "kmeans", seed=1)
    np.testing.assert_array_equal(_values(found), _values(again))


@pytest.mark.parametrize("background", ["balanced", "stratified", "others", "kmeans"])
def test_values_add_up_against_each_background(learned, model, background):
    shap(learned, model, background=background, n_centres=10, n_draws=400)
    table = _record(learned)["samples"]
    against = _chosen(learned, model, background, n_centres=10, seed=42)
    proba = model.predict_proba(_values(against))
    codes = [model.classes.index(name) for name in table["explained"]]
    base = [against.of(code) @ proba[:, code] for code in codes]
    np.testing.assert_allclose(table["base"], base, rtol=1e-4, atol=1e-6)
    assert table["completeness"].median() < 0.05
    assert _record(learned)["params"]["background"] == background
    assert _record(learned)["params"]["n_background"] == against.shape[0]


def test_balanced_needs_the_oversampled_set(learned, model):
    with pytest.raises(DataError, match="scale of layer 'log2'"):
        _chosen(learned, model, "balanced", layer="harmonised")
    del learned.uns["tissueshap"]["oversample"]
    with pytest.raises(DataError, match="run it first"):
        shap(learned, model, background="balanced")
    with pytest.raises(DataError, match="n_centres must be an integer of at least 1, not 0"):
        shap(learned, model, background="kmeans", n_centres=0)


def test_all_classes_are_summarised_and_on_request_kept(learned, model):
    one = shap(learned, model, n_draws=30, copy=True)
    shap(learned, model, target="all", class_layers=True, n_draws=30)
    np.testing.assert_allclose(learned.layers["shap"], one.layers["shap"], atol=1e-5)
    record, table = _record(learned), _record(one)["samples"]
    assert list(record["samples"]["sample"]) == list(table["sample"])
    assert len(record["pairs"]) == len(table) * len(model.classes)
    frame = slots.class_frame(learned, "varm", "shap_mean_abs", model.classes)
    rows = learned.obs_names.get_indexer(table["sample"])
    total = np.zeros((len(rows), learned.n_vars))
    for name in model.classes:
        layer = learned.layers[f"shap_class_{schema.column(name)}"]
        assert np.isnan(np.delete(layer, rows, axis=0)).all()
        np.testing.assert_allclose(frame[name], np.abs(layer[rows]).mean(axis=0), rtol=1e-4)
        own = table["explained"].to_numpy() == name
        np.testing.assert_array_equal(layer[rows[own]], learned.layers["shap"][rows[own]])
        total += layer[rows]
    # The probabilities sum to 1, so what the genes give to all classes together is nothing.
    assert np.abs(total).max() < 0.05 * np.abs(learned.layers["shap"][rows]).max()


def test_a_named_class_is_one_of_all(learned, model):
    shap(learned, model, target="all", class_layers=True, samples="test", n_draws=20)
    layer = learned.layers["shap_class_Liver"]
    named = shap(learned, model, target="Liver", samples="test", n_draws=20, copy=True)
    np.testing.assert_allclose(named.layers["shap"], layer, atol=1e-5)


def test_a_tolerance_is_recorded_with_the_draws_it_took(learned, model):
    shap(learned, model, tolerance=0.02, n_draws=1000)
    table = _record(learned)["samples"]
    assert table["n_draws"].min() < table["n_draws"].max() < 1000
    assert _record(learned)["params"]["tolerance"] == 0.02
    reference = shap(learned, model, n_draws=2000, copy=True, key_added="exact")
    rows = learned.obs_names.get_indexer(table["sample"])
    exact, held = reference.layers["exact_shap"][rows], learned.layers["shap"][rows]
    top = np.argsort(-np.abs(exact), axis=1)[:, :20]
    away, size = (np.take_along_axis(v, top, 1) for v in (held - exact, exact))
    error = np.sqrt(np.square(away).mean(axis=1) / np.square(size).mean(axis=1))
    assert np.sqrt(np.square(error).mean()) < 0.025


def test_layers_of_classes_need_their_values(learned, model):
    with pytest.raises(DataError, match="pass both"):
        shap(learned, model, class_layers=True)
