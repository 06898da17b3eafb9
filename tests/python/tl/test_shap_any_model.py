"""``tl.shap`` of models that were trained elsewhere: the same slots, or what to do."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from tissueshap import adapters, tl
from tissueshap._core import slots
from tissueshap._core.errors import DataError, StaleError
from tissueshap.explain import Explainer, GradientFunction


@pytest.fixture(scope="module")
def data(_prepared):
    """Training samples and their classes."""
    train = (_prepared.obs["split"] == "train").to_numpy()
    x = np.asarray(_prepared.layers["log2"])[train]
    return x, _prepared.obs["tissue"].astype(str).to_numpy()[train]


@pytest.fixture(scope="module")
def regression(data):
    return LogisticRegression(max_iter=500).fit(*data)


def explained(adata):
    table = slots.table(adata, "shap", "samples")
    rows = adata.obs_names.get_indexer(table["sample"])
    return table, rows, np.asarray(adata.layers["shap"])[rows]


def test_scores_of_a_linear_model_are_exact_terms(prepared, regression):
    tl.shap(prepared, regression, output="logit")
    table, rows, values = explained(prepared)
    codes = [list(regression.classes_).index(name) for name in table["explained"]]
    log2 = np.asarray(prepared.layers["log2"])
    mean = log2[prepared.obs["split"] == "train"].mean(axis=0)
    expected = regression.coef_[codes] * (log2[rows] - mean)
    np.testing.assert_allclose(values, expected, atol=1e-3)
    predicted = regression.predict(log2[rows])
    assert list(table["explained"]) == list(predicted)
    assert (prepared.obs["split"].iloc[rows] == "test").all()
    params = slots.record(prepared)["shap"]["params"]
    assert params["model"] == "estimator LogisticRegression"
    # The verbs that follow read the same slots, and the table of trust takes this explanation.
    tl.rank_genes(prepared)
    tl.select_genes(prepared, method="top_n", n_top=5)
    tl.trust(prepared, regression, checks=["completeness", "repeat", "lists", "use"])
    assert "genes" not in slots.record(prepared)["trust"]
    summary = slots.table(prepared, "trust", "summary").set_index("check")
    assert (summary.loc[["completeness", "repeat", "lists"], "verdict"] == "holds").all()
    assert slots.table(prepared, "select_genes", "n_ranks") == 5


def test_probabilities_are_explained_by_gradients(prepared, regression):
    tl.shap(prepared, regression, samples="test", target="true", n_draws=200)
    table, _, values = explained(prepared)
    assert len(table) == 40
    gaps = np.abs(values.sum(axis=1) - (table["output"] - table["base"]))
    assert np.median(gaps) < 0.02


def test_a_function_with_a_gradient_goes_through_the_engine(prepared, regression):
    weights, shift = regression.coef_.T, regression.intercept_

    def function(x):
        raised = np.exp(x @ weights + shift - (x @ weights + shift).max(axis=1, keepdims=True))
        return raised / raised.sum(axis=1, keepdims=True)

    def gradient(x, targets):
        one = function(x)
        own = np.eye(one.shape[1])[targets]
        return one[np.arange(len(x)), targets][:, None] * (own - one) @ weights.T

    model = adapters.adapt(
        function, genes=prepared.var_names, classes=regression.classes_, gradient=gradient
    )
    tl.shap(prepared, model, samples="test", n_draws=50, seed=3)
    table, rows, values = explained(prepared)
    log2 = np.asarray(prepared.layers["log2"])
    engine = Explainer(
        GradientFunction(function, gradient, prepared.n_vars),
        log2[prepared.obs["split"] == "train"],
        n_draws=50,
        seed=3,
    )
    codes = np.array([list(regression.classes_).index(name) for name in table["explained"]])
    for one in engine.stream(log2[rows], codes):
        np.testing.assert_allclose(values[one.number], one.values, atol=1e-5)


def test_trees_and_sampled_values_fill_the_same_slots(prepared, data):
    forest = RandomForestClassifier(20, random_state=1).fit(*data)
    tl.shap(prepared, forest)
    table, _, values = explained(prepared)
    assert slots.record(prepared)["shap"]["params"]["explained_by"] == "TreeSHAP"
    np.testing.assert_allclose(values.sum(axis=1), table["output"] - table["base"], atol=1e-4)
    bayes = GaussianNB(var_smoothing=0.1).fit(data[0][:, :30], data[1])
    few = prepared[:, :30].copy()
    tl.shap(few, bayes)
    assert slots.record(few)["shap"]["params"]["n_draws"] == 50  # 10 of many genes
    assert slots.record(few)["shap"]["median_completeness"] < 0.2


def test_all_classes_and_others_as_background(prepared, regression):
    tl.shap(prepared, regression, target="all", background="others", n_draws=10)
    frame = prepared.varm["shap_mean_abs"]
    assert frame.shape == (prepared.n_vars, len(regression.classes_))
    assert (frame.to_numpy() >= 0).all()


def test_what_cannot_be_explained_says_what_to_do(prepared, regression, data):
    boosting = HistGradientBoostingClassifier(max_iter=2).fit(*data)
    with pytest.raises(DataError, match="add up to its logit: pass output='logit'"):
        tl.shap(prepared, boosting)
    tl.shap(prepared, boosting, output="logit")
    with pytest.raises(DataError, match="mixed_precision= are for networks of ts.tl.cnn"):
        tl.shap(prepared, regression, mixed_precision=True)
    with pytest.raises(DataError, match="does not name its classes"):
        tl.shap(prepared, lambda x: np.ones((len(x), 2)) / 2)
    with pytest.raises(DataError, match="model must be a classifier of"):
        tl.shap(prepared, "a model")
    lacking = prepared[:, 3:].copy()
    named = adapters.adapt(regression, genes=prepared.var_names)
    with pytest.raises(DataError, match="genes"):
        tl.shap(lacking, named)
    with pytest.raises(DataError, match=r"layers\['nowhere'\]"):
        tl.shap(prepared, regression, layer="nowhere")


def test_the_explanation_of_another_model_is_not_taken_for_its_own(prepared, regression, data):
    tl.shap(prepared, regression, n_draws=10)
    tl.rank_genes(prepared)
    tl.select_genes(prepared, method="top_n", n_top=5)
    other = LogisticRegression(C=1e-3, max_iter=1000).fit(*data)
    tl.trust(prepared, other, checks=["lists"])
    assert "genes" in slots.record(prepared)["trust"]
    with pytest.raises(StaleError, match="another model"):
        _stale(prepared, other)


def _stale(adata, model):
    from tissueshap.model import of_model

    of_model(
        adata, adapters.adapt(model, genes=adata.var_names), "trust", "shap",
        layer="log2", key_added=None,
    )  # fmt: skip
