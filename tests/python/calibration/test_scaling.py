from __future__ import annotations

import numpy as np
import pytest

from tissueshap.calibration import Scaling, expected_calibration_error, fit_scaling


def drawn(n, slope, bias=0.0, seed=0, n_classes=4):
    """Return logits, and classes drawn with the probabilities of the scaled ones."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=2, size=(n, n_classes))
    truth = Scaling("vector", np.full(n_classes, slope), np.full(n_classes, 0.0) + bias)
    chances = truth.probabilities(logits).cumsum(axis=1)
    return logits, (rng.random((n, 1)) > chances).sum(axis=1)


@pytest.mark.parametrize("slope", [0.4, 1.0, 2.5])
def test_a_temperature_is_found(slope):
    logits, codes = drawn(4000, slope)
    scaling = fit_scaling(logits, codes)
    assert scaling.method == "temperature"
    np.testing.assert_allclose(scaling.slope, slope, rtol=0.06)
    new, true = drawn(20_000, slope, seed=1)
    assert expected_calibration_error(scaling.probabilities(new), true) < 0.02


def test_biases_of_classes_are_found_where_there_are_some():
    bias = np.array([1.5, -1.5, 0.5, -0.5])
    logits, codes = drawn(4000, 1.0, bias)
    scaling = fit_scaling(logits, codes)
    assert scaling.method == "vector"
    np.testing.assert_allclose(scaling.bias - scaling.bias.mean(), bias, atol=0.2)


def test_a_temperature_keeps_the_classes():
    logits, codes = drawn(300, 3.0)
    scaling = fit_scaling(logits, codes, method="temperature")
    np.testing.assert_array_equal(
        scaling.probabilities(logits).argmax(axis=1), logits.argmax(axis=1)
    )


def test_samples_that_are_all_right_give_no_certainty():
    rng = np.random.default_rng(0)
    codes = np.repeat([0, 1, 2], 20)
    logits = 6 * np.eye(3)[codes] + rng.normal(scale=0.5, size=(60, 3))
    confidence = fit_scaling(logits, codes).probabilities(logits).max(axis=1)
    # One error among 62: Platt's target.
    assert confidence.mean() == pytest.approx(1 - 1 / 62, abs=0.01)


def test_a_class_without_samples_does_no_harm():
    logits, codes = drawn(200, 1.0)
    codes[codes == 3] = 2
    for method in ("temperature", "vector", "best"):
        probabilities = fit_scaling(logits, codes, method=method).probabilities(logits)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_it_comes_back_from_json():
    scaling = Scaling("vector", np.array([1.0, 2.0]), np.array([0.5, -0.5]))
    again = Scaling.from_dict(scaling.to_dict())
    np.testing.assert_array_equal(again.slope, scaling.slope)
    np.testing.assert_array_equal(again.bias, scaling.bias)
