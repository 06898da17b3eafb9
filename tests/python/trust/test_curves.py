"""Deletion and insertion on models whose curves are known."""

from pathlib import Path

import numpy as np
import pytest

from tissueshap.trust import _curves

N_GENES, N_CLASSES = 64, 2
GOLDEN = Path(__file__).parents[2] / "golden"


def linear_model(weights):
    """Return a model that gives class 0 the probability of a logistic function."""

    def predict(x):
        first = 1 / (1 + np.exp(-(x @ weights)))
        return np.column_stack([first, 1 - first])

    return predict


@pytest.fixture
def weights():
    found = np.zeros(N_GENES)
    found[[5, 20, 40]] = 4.0
    return found


def run(predict, order, fill=0.0):
    x = np.ones((3, N_GENES), dtype=np.float32)
    targets = np.zeros(3, dtype=int)
    both = np.column_stack([order] * N_CLASSES)
    fills = np.full((2, 3, N_GENES), fill, dtype=np.float32)
    return _curves.curve(predict, x, targets, both, fills)


def with_first(genes):
    return np.concatenate([genes, np.setdiff1d(np.arange(N_GENES), genes)])


def test_deletion_and_insertion_by_hand(weights):
    numbers = _curves.steps(N_GENES)
    deletion, insertion = run(linear_model(weights), with_first([5, 20, 40]))
    left = np.maximum(3 - numbers, 0)
    np.testing.assert_allclose(deletion[0], 1 / (1 + np.exp(-4.0 * left)), rtol=1e-6)
    brought = np.minimum(numbers, 3)
    np.testing.assert_allclose(insertion[0], 1 / (1 + np.exp(-4.0 * brought)), rtol=1e-6)


def test_deletion_is_quantus_pixel_flipping():
    """Of a network whose weights, samples and values captum_methods.npz has."""
    golden = np.load(GOLDEN / "captum_methods.npz")
    expected = np.load(GOLDEN / "quantus_measures.npz")["deletion"]
    first, bias, second, last = (golden[f"weight_{number}"] for number in range(4))

    def predict(x):
        raised = np.exp(np.tanh(x @ first + bias) @ second + last)
        return raised / raised.sum(axis=1, keepdims=True)

    x, values = golden["x"], golden["integrated_gradients"]
    for row, target in enumerate(golden["targets"]):
        order = np.repeat(np.argsort(-values[row])[:, None], last.size, axis=1)
        fill = golden["baseline"][None]
        deletion, _ = _curves.curve(predict, x[row : row + 1], [target], order, fill)
        numbers = _curves.steps(x.shape[1])
        np.testing.assert_allclose(deletion[0], expected[row, numbers - 1], rtol=1e-5)


def test_curves_do_not_depend_on_how_many_steps_share_a_call(weights, monkeypatch):
    order = np.random.default_rng(1).permutation(N_GENES)
    together = run(linear_model(weights), order)
    rows = []

    def predict(x):
        rows.append(len(x))
        return linear_model(weights)(x)

    monkeypatch.setattr(_curves, "_BYTES", 4 * 2 * 3 * (2 * 3 * N_GENES))
    apart = run(predict, order)
    assert max(rows) == 3 * 12  # steps of two directions, two draws and three samples
    assert len(rows) > 1
    for first, second in zip(together, apart, strict=True):
        np.testing.assert_array_equal(first, second)


def test_steps_go_from_one_to_all():
    numbers = _curves.steps(5000)
    assert numbers[0] == 1
    assert numbers[-1] == 5000
    assert (np.diff(numbers) > 0).all()


def test_the_right_genes_gain_over_random_and_wrong_ones_lose(weights):
    predict, rng = linear_model(weights), np.random.default_rng(3)
    right, wrong = with_first([5, 20, 40]), with_first([5, 20, 40])[::-1]
    random = run(predict, rng.permutation(N_GENES))
    numbers = _curves.steps(N_GENES)
    assert _curves.gain(run(predict, right), random, numbers).mean() > 0.1
    assert _curves.gain(run(predict, wrong), random, numbers).mean() < 0


def test_a_model_that_ignores_its_input_gains_nothing():
    predict = linear_model(np.zeros(N_GENES))
    first, second = run(predict, np.arange(N_GENES)), run(predict, np.arange(N_GENES)[::-1])
    np.testing.assert_array_equal(_curves.gain(first, second, _curves.steps(N_GENES)), 0)


def test_area_is_the_trapezoidal_rule():
    even = np.array([1, 4, 16])
    np.testing.assert_allclose(_curves.area(np.array([[1.0, 0.5, 0.0]]), even), [0.5])
    np.testing.assert_allclose(_curves.area(np.array([[1.0, 1.0, 0.0]]), even), [0.75])
    # From 1 to 2 genes is a third of the way from 1 to 8.
    np.testing.assert_allclose(_curves.area(np.array([[1.0, 0.0, 0.0]]), [1, 2, 8]), [1 / 6])


@pytest.mark.parametrize("n_genes", [6, 59, 5000])
def test_the_area_does_not_depend_on_where_steps_are_rounded_to(n_genes):
    numbers = _curves.steps(n_genes)
    height = 1 - np.log(numbers) / np.log(n_genes)
    np.testing.assert_allclose(_curves.area(height[None], numbers), [0.5])


def test_each_class_has_its_own_order():
    def predict(x):
        return np.column_stack([x[:, 0], x[:, 1]])

    x = np.ones((2, 8), dtype=np.float32)
    order = np.column_stack([np.arange(8), [1, 0, *range(2, 8)]])
    deletion, _ = _curves.curve(predict, x, np.array([0, 1]), order, np.zeros((1, 2, 8)))
    np.testing.assert_array_equal(deletion, 0)


def test_fills_are_of_other_classes_only():
    background = np.arange(6, dtype=np.float32)[:, None]
    codes = np.array([0, 0, 1, 1, 2, 2])
    found = _curves.fills(background, codes, np.array([0, 1]), n_fills=200, seed=1)
    assert set(found[:, 0, 0]) == {2, 3, 4, 5}
    assert set(found[:, 1, 0]) == {0, 1, 4, 5}
