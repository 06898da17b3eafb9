"""Sampled Shapley values approach the exact ones, and cost what is said."""

import numpy as np
import pytest
import shap

from tissueshap.explain import Background, SampledExplainer, explanation


def function(x):
    one = 1 / (1 + np.exp(-(x[:, 0] + x[:, 1] * x[:, 2] - 0.5 * x[:, 3])))
    return np.column_stack([one, 1 - one])


@pytest.fixture
def data():
    rng = np.random.default_rng(2)
    return (
        rng.normal(size=(3, 6)).astype(np.float32),
        rng.normal(size=(25, 6)).astype(np.float32),
    )


def test_values_approach_the_exact_ones_of_shap(data):
    x, background = data
    exact = shap.ExactExplainer(function, shap.maskers.Independent(background, 100))(x)
    targets = np.array([0, 1, 0])
    result = explanation(SampledExplainer(function, background, n_draws=300), x, targets)
    wanted = exact.values[np.arange(3), :, targets]
    off = np.abs(result.values - wanted)
    assert off.max() < 0.005
    # Errors are smaller than those of independent draws, which are reported.
    used = result.standard_error > 0
    assert (off[used] / result.standard_error[used]).std() < 0.5
    assert (result.values[:, 4:] == 0).all()


def test_few_draws_add_up(data):
    x, background = data
    targets = np.array([0, 1, 0])
    gaps = []
    for seed in range(20):
        explainer = SampledExplainer(function, background, n_draws=10, seed=seed)
        result = explanation(explainer, x, targets)
        gaps.append(result.values.sum(axis=1) - (result.output - result.base))
    # Of independent draws: the spread of the background's outputs over the root of 10.
    independent = function(background)[:, 0].std() / np.sqrt(10)
    assert np.std(gaps) < independent / 3
    assert abs(np.mean(gaps)) < independent / 3


def test_the_same_seed_gives_the_same_and_leaves_the_global_one(data):
    x, background = data
    np.random.seed(3)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    both = [
        explanation(SampledExplainer(function, background, seed=1), x, np.zeros(3, int)).values
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*both)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    other = SampledExplainer(function, background, seed=2)
    assert np.abs(explanation(other, x, np.zeros(3, int)).values - both[0]).max() > 0


def test_genes_of_a_group_share_its_value(data):
    x, background = data
    groups = np.array([0, 1, 1, 2, 2, 2])
    explainer = SampledExplainer(function, background, groups=groups, n_draws=200)
    one = next(explainer.stream(x, np.array([0])))
    assert one.values[1] == one.values[2]
    assert one.values[3] == one.values[5]
    # f(x) is reached in each draw, from the drawn background sample.
    assert one.values.sum() == pytest.approx(function(x[:1])[0, 0] - explainer.base[0], abs=0.06)


def test_of_many_genes_the_important_ones_are_opened(data):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(2, 400)).astype(np.float32) + 1
    background = rng.normal(size=(60, 400)).astype(np.float32)
    weights = np.zeros(400)
    weights[[3, 90, 250]] = 2, -2, 3
    calls = []

    def linear(block):
        calls.append(len(block))
        return (block @ weights)[:, None]

    explainer = SampledExplainer(linear, background, most_players=100, n_draws=4)
    calls.clear()
    one = next(explainer.stream(x, np.array([0])))
    assert sum(calls) <= explainer.n_evaluations + 8 * 3
    top = set(np.argsort(-np.abs(one.values))[:3])
    assert top == {3, 90, 250}


def test_a_class_is_compared_with_the_others(data):
    x, background = data
    groups = np.arange(25) % 2
    both = Background(background, groups=groups)
    explainer = SampledExplainer(function, both, n_draws=100)
    assert explainer.base[1] == pytest.approx(function(background[groups == 0])[:, 1].mean())
