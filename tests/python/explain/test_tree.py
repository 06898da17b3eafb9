"""TreeSHAP of each kind of trees adds up, and is the exact Shapley value."""

import numpy as np
import pytest
import shap
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from tissueshap.explain import Background, TreeExplainer, explanation


@pytest.fixture
def data():
    rng = np.random.default_rng(8)
    x = rng.normal(size=(120, 6)).astype(np.float32)
    return x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)


def test_a_forest_is_explained_exactly(data):
    x, codes = data
    forest = RandomForestClassifier(12, random_state=1).fit(x, codes)
    explainer = TreeExplainer(forest, forest.predict_proba, x[:20], output="probability")
    targets = np.array([0, 1, 2, 1])
    result = explanation(explainer, x[60:64], targets)
    assert result.completeness.max() < 1e-4
    exact = shap.ExactExplainer(forest.predict_proba, shap.maskers.Independent(x[:20], 20))(
        x[60:64]
    )
    np.testing.assert_allclose(result.values, exact.values[np.arange(4), :, targets], atol=1e-6)


def test_two_classes_share_one_output(data):
    x, codes = data
    trees = GradientBoostingClassifier(n_estimators=5, random_state=1).fit(x, codes > 0)

    def scores(block):
        one = trees.decision_function(block)
        return np.column_stack([-one, one])

    explainer = TreeExplainer(trees, scores, x[:20], output="logit")
    both = [next(explainer.stream(x[60:61], np.array([code]))).values for code in (0, 1)]
    np.testing.assert_allclose(both[0], -both[1])
    assert both[1].sum() == pytest.approx(scores(x[60:61])[0, 1] - explainer.base[1], abs=1e-5)


def test_a_class_is_compared_with_the_others(data):
    x, codes = data
    forest = RandomForestClassifier(12, random_state=1).fit(x, codes)
    background = Background(x, groups=codes)
    explainer = TreeExplainer(forest, forest.predict_proba, background, output="probability")
    alone = TreeExplainer(forest, forest.predict_proba, x[codes != 1], output="probability")
    one, other = (next(each.stream(x[:1], np.array([1]))) for each in (explainer, alone))
    np.testing.assert_allclose(one.values, other.values, atol=1e-8)
