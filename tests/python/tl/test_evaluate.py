from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tissueshap._core.errors import DataError, DataWarning, MissingSlotError
from tissueshap.tl import evaluate, predict


@pytest.fixture
def predicted(prepared):
    """The toy with predictions of which about a quarter are wrong."""
    rng = np.random.default_rng(0)
    names = prepared.obs["tissue"].astype(str).to_numpy()
    wrong = rng.random(prepared.n_obs) < 0.25
    names[wrong] = rng.permutation(names[wrong])
    prepared.obs["predicted"] = pd.Categorical(names)
    return prepared


def test_scores_are_those_of_scikit_learn_on_the_test_samples(predicted):
    evaluate(predicted, baseline=False)
    found = predicted.uns["tissueshap"]["evaluate"]
    test = predicted.obs["split"] == "test"
    true, named = (predicted.obs.loc[test, key].astype(str) for key in ("tissue", "predicted"))
    assert found["n_test"] == 40
    assert found["macro_f1"] == pytest.approx(f1_score(true, named, average="macro"))
    assert found["accuracy"] == pytest.approx((true == named).mean())
    assert 0.5 < found["accuracy"] < 1
    table = found["per_class"].set_index("class")
    expected = f1_score(true, named, average=None, labels=sorted(set(true)))
    np.testing.assert_allclose(table["f1"], expected)
    assert table["n"].tolist() == [10, 10, 10, 10]
    assert "baseline_macro_f1" not in found
    confusion = found["confusion"].pivot(index="true", columns="predicted", values="n").fillna(0)
    np.testing.assert_array_equal(confusion, confusion_matrix(true, named))


def test_the_baseline_is_a_logistic_regression_on_the_training_samples(predicted):
    evaluate(predicted)
    found = predicted.uns["tissueshap"]["evaluate"]
    split = predicted.obs["split"].to_numpy()
    x, y = predicted.layers["log2"], predicted.obs["tissue"].astype(str).to_numpy()
    simple = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    simple.fit(x[split == "train"], y[split == "train"])
    expected = f1_score(y[split == "test"], simple.predict(x[split == "test"]), average="macro")
    assert found["baseline_macro_f1"] == pytest.approx(expected)
    assert found["per_class"]["baseline_f1"].mean() == pytest.approx(expected)


def test_classes_that_the_classifier_does_not_know_are_a_warning(learned, model):
    learned.obs_names = [f"other {name}" for name in learned.obs_names]
    predict(learned, model)
    names = learned.obs["tissue"].astype(str)
    learned.obs["tissue"] = names.replace("Liver", "liver")
    with pytest.warns(DataWarning, match=r"does not know the classes \['liver'\]"):
        evaluate(learned, baseline=False)
    scored = learned.uns["tissueshap"]["evaluate"]["per_class"].set_index("class")
    assert scored.loc["liver", "recall"] == 0


def test_the_models_predictions_are_scored(learned, model):
    predict(learned, model)
    evaluate(learned, baseline=False)
    assert learned.uns["tissueshap"]["evaluate"]["macro_f1"] > 0.9


def test_a_class_without_test_samples_does_not_count(predicted):
    liver = (predicted.obs["tissue"] == "Liver") & (predicted.obs["split"] == "test")
    fewer = predicted[~liver].copy()
    evaluate(fewer, baseline=False)
    table = fewer.uns["tissueshap"]["evaluate"]["per_class"].set_index("class")
    assert table.loc["Liver", "n"] == 0
    assert fewer.uns["tissueshap"]["evaluate"]["macro_f1"] == pytest.approx(
        table["f1"].drop("Liver").mean()
    )


def test_a_class_that_the_model_does_not_know_is_an_error_of_the_model(predicted):
    predicted.obs["predicted"] = predicted.obs["predicted"].cat.rename_categories(
        {"Liver": "Kidney"}
    )
    evaluate(predicted, baseline=False)
    found = predicted.uns["tissueshap"]["evaluate"]
    assert found["per_class"].set_index("class").loc["Liver", "recall"] == 0
    assert "Kidney" in set(found["confusion"]["predicted"])


def test_it_says_what_has_to_come_before(prepared):
    with pytest.raises(MissingSlotError, match=r"ts\.tl\.predict"):
        evaluate(prepared)
    prepared.obs["split"] = "train"
    with pytest.raises(DataError, match="no sample is held out"):
        evaluate(prepared)


def test_donors_on_both_sides_are_counted(predicted, caplog):
    split = predicted.obs["split"].to_numpy()
    donor = predicted.obs["donor"].astype(str).to_numpy()
    expected = len(set(donor[split == "train"]) & set(donor[split == "test"]))
    with caplog.at_level("INFO", logger="tissueshap"):
        evaluate(predicted, baseline=False)
    found = predicted.uns["tissueshap"]["evaluate"]
    assert found["n_shared_donors"] == expected > 0
    assert found["n_donors"] == len(set(donor))
    assert f"{expected} of {len(set(donor))} donors" in caplog.text


def test_a_split_by_donor_shares_none_and_data_without_donors_say_nothing(predicted):
    # Some donor's samples on one side only.
    side = pd.factorize(predicted.obs["donor"])[0] % 4 == 0
    predicted.obs["split"] = pd.Categorical(np.where(side, "test", "train"))
    evaluate(predicted, baseline=False)
    assert predicted.uns["tissueshap"]["evaluate"]["n_shared_donors"] == 0
    del predicted.obs["donor"]
    evaluate(predicted, baseline=False)
    assert "n_shared_donors" not in predicted.uns["tissueshap"]["evaluate"]
