"""Models of each kind in the common form: names, probabilities, and how they are explained."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from tissueshap import adapters
from tissueshap._core.errors import DataError
from tissueshap.explain import AdditiveExplainer, SampledExplainer, TreeExplainer, explanation
from tissueshap.model import keras

GENES = [f"G{number}" for number in range(8)]
NAMES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(6)
    x = rng.normal(3, 1, size=(150, 8)).astype(np.float32)
    codes = (x[:, 0] > 3).astype(int) + (x[:, 1] > 3)
    return x, np.asarray(NAMES)[codes]


def explained(model, x, **how):
    explainer = model.explainer(x[:40], **how)
    targets = np.arange(6) % len(model.classes)
    return explainer, explanation(explainer, x[60:66], targets)


@pytest.mark.parametrize(
    "scaler", [None, StandardScaler(), MinMaxScaler(), MaxAbsScaler(), RobustScaler()]
)
def test_linear_scores_are_explained_exactly_behind_any_scaler(data, scaler):
    x, y = data
    last = LogisticRegression(max_iter=500)
    pipeline = (last if scaler is None else make_pipeline(scaler, last)).fit(x, y)
    model = adapters.adapt(pipeline, genes=GENES)
    assert model.classes == NAMES
    explainer, result = explained(model, x)
    assert isinstance(explainer, AdditiveExplainer)
    assert result.completeness.max() < 1e-4
    np.testing.assert_allclose(
        explainer.outputs(x[:5]), pipeline.decision_function(x[:5]), atol=1e-5
    )
    ahead = (lambda z: z) if scaler is None else scaler.transform
    theirs = shap.LinearExplainer(last, shap.maskers.Independent(ahead(x[:40]), 100))
    values = theirs.shap_values(ahead(x[60:66]))
    np.testing.assert_allclose(result.values, values[np.arange(6), :, result.targets], atol=1e-4)


@pytest.mark.parametrize("kind", ["multinomial", "two classes", "one-vs-rest"])
def test_gradients_of_linear_probabilities_are_right(data, kind):
    x, y = data
    if kind == "two classes":
        y = np.where(y == "c", "b", y)
    if kind == "one-vs-rest":
        estimator = SGDClassifier(loss="log_loss", random_state=0, alpha=0.01).fit(x, y)
    else:
        estimator = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    model = adapters.adapt(estimator, genes=GENES)
    assert "exact" in model.explained_by
    _, result = explained(model, x, output="probability", n_draws=400)
    assert np.median(result.completeness) < 0.05
    gradient = model.explainer.__self__.gradient
    step, targets = 1e-3, np.arange(10) % len(model.classes)
    points = x[:10].astype(np.float64)
    numeric = np.zeros_like(points)
    for gene in range(8):
        both = [points.copy(), points.copy()]
        both[0][:, gene] += step
        both[1][:, gene] -= step
        up, down = (estimator.predict_proba(each)[np.arange(10), targets] for each in both)
        numeric[:, gene] = (up - down) / (2 * step)
    np.testing.assert_allclose(gradient(x[:10], targets), numeric, atol=1e-4)


@pytest.mark.parametrize(
    ("trees", "output"),
    [
        (RandomForestClassifier(20, random_state=1), "probability"),
        (HistGradientBoostingClassifier(max_iter=5), "logit"),
    ],
)
def test_trees_are_explained_by_treeshap(data, trees, output):
    x, y = data
    model = adapters.adapt(make_pipeline(StandardScaler(), trees).fit(x, y), genes=GENES)
    explainer, result = explained(model, x)
    assert isinstance(explainer, TreeExplainer)
    assert explainer.output == output
    assert result.completeness.max() < 1e-3


def test_what_shap_has_no_exact_values_for_is_sampled(data):
    x, y = data
    for estimator in (
        GradientBoostingClassifier(n_estimators=3),
        KNeighborsClassifier(),
        OneVsRestClassifier(LogisticRegression()),
    ):
        model = adapters.adapt(estimator.fit(x, y), genes=GENES)
        assert model.explained_by == "sampled Shapley values"
    explainer, result = explained(model, x)
    assert isinstance(explainer, SampledExplainer)
    exact = shap.ExactExplainer(estimator.predict_proba, shap.maskers.Independent(x[:40], 100))(
        x[60:66]
    ).values[np.arange(6), :, result.targets]
    off = np.abs(result.values - exact)
    assert (off < 5 * result.standard_error + 1e-6).mean() > 0.95


def test_an_estimator_with_names_needs_none(data):
    x, y = data
    frame = pd.DataFrame(x, columns=GENES)
    for estimator in (LogisticRegression(max_iter=500), RandomForestClassifier(5)):
        model = adapters.adapt(estimator.fit(frame, y))
        assert model.genes == GENES
        # No warning of missing names.
        np.testing.assert_allclose(model.probabilities(x[:3]), estimator.predict_proba(frame[:3]))
        explained(model, x)


def test_a_keras_network_of_logits_or_probabilities(data):
    x, _ = data
    layers = keras().layers
    network = keras().Sequential([keras().Input((8,)), layers.Dense(5, "relu"), layers.Dense(3)])
    model = adapters.adapt(network, genes=GENES, classes=NAMES)
    np.testing.assert_allclose(model.probabilities(x[:4]).sum(axis=1), 1, atol=1e-5)
    _, result = explained(model, x, n_draws=2000)
    assert np.median(result.completeness) < 0.05
    assert [number for number, _, _ in model.randomised(seed=1)] == [1, 2]
    whole = keras().Model(network.inputs, layers.Softmax()(network.outputs[0]))
    other = adapters.adapt(whole, genes=GENES, classes=NAMES)
    np.testing.assert_allclose(other.probabilities(x[:4]), model.probabilities(x[:4]), atol=1e-6)


class Celltypist:
    """The interface of ``celltypist.models.Model``, as its version 1.7.1 has it."""

    def __init__(self, classifier, scaler, features):
        self.classifier, self.scaler, self.features = classifier, scaler, np.asarray(features)
        self.cell_types = classifier.classes_


def test_a_celltypist_model_predicts_as_celltypist_does(data):
    x, y = data
    x = x.copy()
    x[:, 7] = 0
    x[0, 7] = 50  # standardised it is above 10, where CellTypist cuts
    scaler = StandardScaler().fit(x)
    classifier = LogisticRegression().fit(np.minimum(scaler.transform(x), 10), y)
    model = adapters.adapt(Celltypist(classifier, scaler, GENES))
    assert model.kind == "CellTypist model"
    assert model.genes == GENES
    scores = classifier.decision_function(np.minimum(scaler.transform(x), 10))
    np.testing.assert_allclose(model.probabilities(x), 1 / (1 + np.exp(-scores)), atol=1e-5)
    _, result = explained(model, x)
    assert result.completeness.max() < 1e-4


def test_a_function_with_and_without_a_gradient(data):
    x, _ = data
    weights = np.random.default_rng(1).normal(size=(8, 3))

    def function(z):
        raised = np.exp(z @ weights)
        return raised / raised.sum(axis=1, keepdims=True)

    def gradient(z, targets):
        p = function(z)
        own = np.eye(3)[targets]
        return (p[np.arange(len(z)), targets][:, None] * (own - p)) @ weights.T

    sampled = adapters.adapt(function, genes=GENES, classes=NAMES)
    smooth = adapters.adapt(function, gradient=gradient, genes=GENES, classes=NAMES)
    assert sampled.explained_by == "sampled Shapley values"
    assert smooth.explained_by == "expected gradients"
    _, result = explained(smooth, x, n_draws=2000)
    assert np.median(result.completeness) < 0.05
    assert sampled.fingerprint() == smooth.fingerprint()
    other = adapters.adapt(lambda z: function(z)[:, ::-1], genes=GENES, classes=NAMES)
    assert other.fingerprint() != smooth.fingerprint()
    with pytest.raises(DataError, match="one row per point"):
        adapters.adapt(function, gradient=lambda z, _: z[:, :2], genes=GENES, classes=NAMES)


def test_what_is_missing_is_asked_for(data):
    x, y = data
    with pytest.raises(DataError, match="does not name its genes: pass genes="):
        adapters.adapt(LogisticRegression(max_iter=500).fit(x, y))
    with pytest.raises(DataError, match="does not name its classes: pass classes="):
        adapters.adapt(lambda z: z, genes=GENES)
    with pytest.raises(DataError, match=r"shape \(16, 8\) .* 3 classes are named"):
        adapters.adapt(lambda z: z, genes=GENES, classes=NAMES)
    with pytest.raises(DataError, match="occur twice"):
        adapters.adapt(lambda z: z, genes=GENES, classes=["a", "a"])
    with pytest.raises(DataError, match="has 3 classes, but classes= names 2"):
        adapters.adapt(LogisticRegression(max_iter=500).fit(x, y), genes=GENES, classes=["a", "b"])
    with pytest.raises(DataError, match="gradient= belongs to a function"):
        adapters.adapt(3, gradient=lambda z, _: z)
    with pytest.raises(DataError, match="missing or infinite"):
        adapters.adapt(lambda z: z[:, :3] * np.nan, genes=GENES, classes=NAMES)
