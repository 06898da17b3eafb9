from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError, DataWarning, MissingSlotError
from tissueshap.model import load
from tissueshap.pp import log2
from tissueshap.tl import cnn, predict, shap


def test_class_confidence_and_probabilities_agree(learned, model):
    predict(learned, model)
    proba = learned.obsm["proba"]
    assert proba.columns.tolist() == [
        *("Brain - Cortex", "CD8+|CD45RA+ Naive", "Liver", "Peau <b>é<|b>")
    ]
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert learned.obs["predicted"].cat.categories.tolist() == sorted(model.classes)
    codes = proba.to_numpy().argmax(axis=1)
    assert learned.obs["predicted"].tolist() == [model.classes[code] for code in codes]
    np.testing.assert_array_equal(learned.obs["confidence"], proba.max(axis=1))
    assert learned.obs["confidence"].dtype == np.float32
    right = learned.obs["predicted"].astype(str) == learned.obs["tissue"].astype(str)
    assert right.mean() > 0.9


def test_genes_are_aligned_by_name(learned, model):
    expected = model.predict_proba(learned.layers["log2"])
    rng = np.random.default_rng(0)
    moved = learned[:, rng.permutation(learned.n_vars)].copy()
    predict(moved, model)
    np.testing.assert_allclose(moved.obsm["proba"].to_numpy(), expected, atol=1e-6)


def test_more_genes_than_the_models_are_no_harm(learned, model):
    import anndata as ad

    more = learned[:, :50].copy()
    more.var_names = [f"extra{number}" for number in range(50)]
    wide = ad.concat([more, learned], axis=1, merge="same")
    predict(wide, model)
    expected = model.predict_proba(learned.layers["log2"])
    np.testing.assert_allclose(wide.obsm["proba"].to_numpy(), expected, atol=1e-6)


def test_missing_genes_are_named_unless_filled(learned, model):
    fewer = learned[:, 7:].copy()
    with pytest.raises(DataError, match=r"7 of the model's 200 genes.*'G00001'.*'G00005'\]"):
        predict(fewer, model)
    predict(fewer, model, fill=0.034)
    filled = learned.layers["log2"].copy()
    filled[:, :7] = 0.034
    np.testing.assert_allclose(
        fewer.obsm["proba"].to_numpy(), model.predict_proba(filled), atol=1e-6
    )
    assert fewer.uns["tissueshap"]["predict"]["n_filled"] == 7
    assert fewer.layers["log2"].shape == (180, 193)


def test_other_identifiers_are_told_from_missing_genes(learned, model):
    learned.var_names = [f"ENSG{number:05}" for number in range(learned.n_vars)]
    with pytest.raises(DataError, match=r"none of the model's 200 genes.*'G00001'.*'ENSG00000'"):
        predict(learned, model, fill=0.034)


@pytest.mark.parametrize("given", ["model", None])
def test_what_is_no_model_is_named(learned, given):
    with pytest.raises(
        DataError, match=rf"ts\.model\.load\(folder\), not of type {type(given).__name__}"
    ):
        predict(learned, given)


def test_names_that_occur_twice_are_refused(learned, model):
    learned.var_names = ["G00002", *learned.var_names[1:]]
    with pytest.raises(DataError, match="duplicate names"):
        predict(learned, model)


def test_it_can_copy_use_another_name_and_say_what_is_missing(learned, model):
    other = predict(learned, model, key_added="run2", copy=True)
    assert "run2_predicted" in other.obs
    assert "run2_proba" in other.obsm
    assert "predicted" not in learned.obs
    del learned.layers["log2"]
    with pytest.raises(MissingSlotError, match=r"ts\.pp\.log2"):
        predict(learned, model)


@pytest.fixture
def by_gene(learned):
    """A network that standardises genes: it depends on the scale of its input."""
    return cnn(learned, preset="small", standardise="genes", epochs=3)


def _another_cohort(adata):
    """Take its samples for others than the classifier's: its records are of those."""
    adata.obs_names = [f"other {name}" for name in adata.obs_names]
    del adata.uns["tissueshap"]["cnn"]


def _log1p_of_cp10k(adata):
    values = np.asarray(adata.X, dtype=np.float64)
    return np.log1p(values / values.sum(axis=1, keepdims=True) * 1e4).astype(np.float32)


def test_log1p_of_cp10k_is_warned_of_where_samples_are_standardised(learned, model):
    _another_cohort(learned)
    learned.layers["other"] = _log1p_of_cp10k(learned)
    with pytest.warns(DataWarning, match="natural log1p of CP10k"):
        predict(learned, model, layer="other")
    learned.layers["log2"] = learned.layers["log2"] * 2 - 10  # makes no difference
    predict(learned, model)


def test_log1p_of_cp10k_is_refused_or_on_request_warned_of(learned, by_gene):
    model = by_gene
    learned.layers["other"] = _log1p_of_cp10k(learned)
    says = r"adata.layers\['other'\].*natural log1p of CP10k.*ts\.pp\.log2.*check_scale=False"
    with pytest.raises(DataError, match=says):
        predict(learned, model, layer="other")
    assert "predicted" not in learned.obs
    with pytest.warns(DataWarning, match="natural log1p of CP10k"):
        predict(learned, model, layer="other", check_scale=False)
    assert not learned.uns["tissueshap"]["predict"]["params"]["check_scale"]


def test_log2_made_with_other_settings_is_refused(learned, model):
    params = model.scale.made
    log2(learned, offset=params["offset"] * 3, shift=params["shift"])
    with pytest.raises(DataError, match=r"they were made with offset=.*, not "):
        predict(learned, model)


def test_a_saved_model_knows_its_scale(learned, by_gene, tmp_path):
    back = load(by_gene.save(tmp_path / "model"))
    assert back.scale.made == learned.uns["tissueshap"]["log2"]["params"]
    predict(learned, back)
    learned.layers["log2"] = learned.layers["log2"] - 10
    with pytest.raises(DataError, match="are not on the scale of the training data"):
        predict(learned, back)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named_whatever_is_asked(learned, model, bad):
    _another_cohort(learned)
    learned.layers["log2"][5, 11] = bad
    with pytest.raises(DataError, match="'G00012' in sample 'other S005'"):
        predict(learned, model, check_scale=False)
    with pytest.raises(DataError, match="'G00012' in sample 'other S005'"):
        shap(learned, model)


def test_a_sample_in_which_nothing_was_measured_has_no_class(learned, model):
    learned.layers["log2"][5] = model.scale.floor
    with pytest.raises(
        DataError, match=r"the same value in all genes for 1 sample\(s\), \['S005'\]"
    ):
        predict(learned, model)


def test_shap_warns_of_another_scale(learned, by_gene):
    _another_cohort(learned)
    learned.layers["log2"] = learned.layers["log2"] - 10
    with pytest.warns(DataWarning, match="not on the scale of the training data"):
        shap(learned, by_gene, n_draws=2, samples="test")


def test_the_models_layer_and_label_are_the_default(prepared):
    prepared.layers["mine"] = prepared.layers["log2"].copy()
    prepared.obs["organ"] = prepared.obs["tissue"]
    model = cnn(prepared, "organ", preset="small", layer="mine", epochs=2, n_models=1)
    del prepared.layers["log2"]
    other = prepared.copy()
    other.uns["tissueshap"]["label"] = "tissue"
    predict(other, model)
    np.testing.assert_allclose(
        other.obsm["proba"].to_numpy(), model.predict_proba(prepared.layers["mine"]), atol=1e-6
    )
    assert other.uns["tissueshap"]["predict"]["params"]["layer"] == "mine"
    shap(other, model, samples="all", n_draws=2)
    assert other.uns["tissueshap"]["shap"]["params"]["label"] == "organ"
    assert other.uns["tissueshap"]["shap"]["params"]["layer"] == "mine"
    del other.layers["mine"]
    with pytest.raises(MissingSlotError, match=r"trained on must be there \(layers\['mine'\]\)"):
        predict(other, model)
    with pytest.raises(DataError, match="preparation from counts is not recorded"):
        predict(other, model, counts="X")
