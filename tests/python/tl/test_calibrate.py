from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError, StaleError
from tissueshap.model import activations, load, preset
from tissueshap.pp import split
from tissueshap.tl import calibrate, cnn, evaluate, predict

QUICK = preset("small").changed(epochs=3, n_models=1)


@pytest.fixture(scope="session")
def _calibrated(_prepared):
    adata = _prepared.copy()
    model = cnn(adata, preset=QUICK)
    return adata, model, calibrate(adata, model, n_folds=3)


@pytest.fixture
def calibrated(_calibrated):
    adata, model, own = _calibrated
    return adata.copy(), model, own


def test_the_network_stays_and_its_probabilities_change(calibrated):
    adata, model, own = calibrated
    assert own.fingerprint() == model.fingerprint()
    assert model.calibration is None
    x = adata.layers["log2"]
    np.testing.assert_array_equal(own.predict_proba(x), model.predict_proba(x))
    logits, features = activations(model.network, x)
    expected = own.calibration.judge(logits, features).probabilities
    predict(adata, own)
    np.testing.assert_allclose(adata.obsm["proba"].to_numpy(), expected, atol=1e-6)
    assert adata.obs["verdict"].cat.categories.tolist() == ["known", "ambiguous", "unfamiliar"]


def test_it_is_fitted_out_of_fold_without_the_test_samples(calibrated):
    adata, model, own = calibrated
    assert own.calibration.source == "out-of-fold"
    train = adata.obs["split"] == "train"
    assert own.calibration.n_samples == train.sum()
    changed = adata.copy()
    labels = changed.obs["tissue"].astype(str).to_numpy()
    test = np.flatnonzero(~train)
    labels[test] = labels[test][::-1]
    changed.obs["tissue"] = labels
    again = calibrate(changed, model, n_folds=3)
    np.testing.assert_array_equal(again.calibration.scaling.slope, own.calibration.scaling.slope)
    np.testing.assert_array_equal(again.calibration.reference, own.calibration.reference)


def test_the_record_tells_how_much_it_helps(calibrated):
    adata, _, own = calibrated
    record = adata.uns["tissueshap"]["calibrate"]
    assert record["measured_on"] == "test"
    assert record["ece_after"] < record["ece_before"]
    assert record["method"] == own.calibration.scaling.method
    table = record["reliability"]
    assert table.groupby("stage")["n"].sum().to_dict() == {"before": 40, "after": 40}


def test_sets_hold_the_class_of_held_out_samples(calibrated):
    adata, _, own = calibrated
    predict(adata, own)
    test = adata.obs[adata.obs["split"] == "test"]
    held = [
        name in sets.split("; ")
        for name, sets in zip(test["tissue"], test["prediction_set"], strict=True)
    ]
    assert np.mean(held) >= 0.85
    assert (test["verdict"] == "known").mean() > 0.8


def test_it_comes_back_from_a_bundle(calibrated, tmp_path):
    adata, _, own = calibrated
    again = load(own.save(tmp_path / "model"))
    x = adata.layers["log2"]
    first, second = own.judge(x), again.judge(x)
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-7)
    np.testing.assert_array_equal(first.sets, second.sets)
    np.testing.assert_allclose(first.pvalue, second.pvalue)
    np.testing.assert_array_equal(own.background.values, again.background.values)


def test_held_out_samples_of_the_training_are_used_where_there_are_some(prepared):
    settings = preset("small").changed(epochs=2, n_models=1)
    settings = type(settings)(**{**vars(settings), "validation": 0.3, "min_validation": 4})
    model = cnn(prepared, preset=settings)
    n_held = prepared.uns["tissueshap"]["cnn"]["n_validation"]
    own = calibrate(prepared, model)
    assert (own.calibration.source, own.calibration.n_samples) == ("validation", n_held)
    assert n_held > 0


def test_donors_stay_together(prepared, monkeypatch):
    from tissueshap.tl import _calibrate

    split(prepared, "tissue", groups="donor", n_test=5)
    model = cnn(prepared, preset=QUICK, balanced=False)
    dealt = []
    folds = _calibrate._folds

    def noted(adata, label, samples, n_folds, seed):
        found = folds(adata, label, samples, n_folds, seed)
        dealt.append((adata.obs["donor"].astype(str).to_numpy()[samples], found))
        return found

    monkeypatch.setattr(_calibrate, "_folds", noted)
    calibrate(prepared, model, n_folds=2)
    donors, found = dealt[0]
    assert all(len(set(found[donors == donor])) == 1 for donor in set(donors))


def test_a_model_of_other_data_is_refused(calibrated, prepared):
    _, model, _ = calibrated
    split(prepared, "tissue", n_test=5, seed=9)
    with pytest.raises(DataError, match="not trained on the training samples of adata"):
        calibrate(prepared, model)


def test_the_records_of_the_training_are_not_needed(calibrated, prepared):
    _, model, own = calibrated
    again = calibrate(prepared, model, n_folds=3)
    np.testing.assert_array_equal(again.calibration.scaling.slope, own.calibration.scaling.slope)


def test_values_that_have_changed_are_refused(calibrated):
    adata, model, _ = calibrated
    adata.layers["log2"] += 1
    with pytest.raises(StaleError):
        calibrate(adata, model)


def test_evaluate_scores_calibrated_predictions(calibrated):
    adata, _, own = calibrated
    predict(adata, own)
    evaluate(adata, baseline=False)
    assert adata.uns["tissueshap"]["evaluate"]["accuracy"] > 0.9
