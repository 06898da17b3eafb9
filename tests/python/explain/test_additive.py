"""Values of sums over genes are exact, and those of shap.LinearExplainer."""

import numpy as np
import pytest
import shap

from tissueshap.explain import AdditiveExplainer, Background, explanation


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    x, background = rng.normal(size=(5, 30)), rng.normal(1, 2, size=(40, 30))
    return x.astype(np.float32), background.astype(np.float32), rng.normal(size=(30, 3))


def test_values_are_those_of_shap(data):
    x, background, weights = data
    intercept, targets = np.array([0.3, -1.0, 2.0]), np.array([0, 1, 2, 0, 1])
    explainer = AdditiveExplainer(weights, intercept, background)
    result = explanation(explainer, x, targets)
    for code in range(3):
        theirs = shap.LinearExplainer(
            (weights[:, code], intercept[code]), shap.maskers.Independent(background, 1000)
        )
        rows = targets == code
        np.testing.assert_allclose(result.values[rows], theirs.shap_values(x[rows]), atol=1e-5)
        np.testing.assert_allclose(result.base[rows], theirs.expected_value, atol=1e-5)
    assert result.completeness.max() < 1e-4
    assert (result.standard_error == 0).all()


def test_genes_may_be_transformed_one_by_one(data):
    x, background, weights = data
    explainer = AdditiveExplainer(
        weights, np.zeros(3), background, transform=lambda z: np.minimum(z, 0.5)
    )
    one = next(explainer.stream(x, np.array([1])))
    change = np.minimum(x[0], 0.5) - np.minimum(background, 0.5).mean(axis=0)
    np.testing.assert_allclose(one.values, weights[:, 1] * change, atol=1e-6)


def test_a_class_is_compared_with_the_others(data):
    x, background, weights = data
    groups = np.arange(40) % 3
    explainer = AdditiveExplainer(weights, np.zeros(3), Background(background, groups=groups))
    one = next(explainer.stream(x, np.array([2])))
    mean = background[groups != 2].mean(axis=0)
    np.testing.assert_allclose(one.values, weights[:, 2] * (x[0] - mean), atol=1e-5)
    assert explainer.base[2] == pytest.approx(float(mean @ weights[:, 2]), abs=1e-5)
