"""Integrated gradients, input x gradient and SmoothGrad are captum's."""

from pathlib import Path

import keras
import numpy as np
import pytest

from tissueshap.explain import Explainer, gradient_x_input, integrated_gradients, smooth_gradient

GOLDEN = Path(__file__).parents[2] / "golden" / "captum_methods.npz"


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN)


@pytest.fixture(scope="module")
def explainer(golden):
    weights = [golden[f"weight_{number}"] for number in range(4)]
    inputs = keras.Input((weights[0].shape[0],))
    hidden = keras.layers.Dense(weights[1].size, activation="tanh")(inputs)
    logits = keras.layers.Dense(weights[3].size)(hidden)
    network = keras.Model(inputs, keras.layers.Activation("softmax")(logits))
    network.set_weights(weights)
    return Explainer(network, golden["baseline"], n_draws=2, batch_size=4)


def test_values_are_those_of_captum(golden, explainer):
    x, targets, gradients = golden["x"], golden["targets"], explainer.gradients
    same = {"rtol": 1e-4, "atol": 1e-6}
    found = integrated_gradients(gradients, x, targets, golden["baseline"])
    np.testing.assert_allclose(found, golden["integrated_gradients"], **same)
    found = gradient_x_input(gradients, x, targets)
    np.testing.assert_allclose(found, golden["input_x_gradient"], **same)
    found = smooth_gradient(gradients, x, targets, golden["noise"])
    np.testing.assert_allclose(found, golden["smooth_gradient"], **same)


def test_integrated_gradients_add_up(golden, explainer):
    x, targets = golden["x"], golden["targets"]
    sums = integrated_gradients(explainer.gradients, x, targets, golden["baseline"]).sum(axis=1)
    rows = np.arange(len(x))
    change = explainer.outputs(x)[rows, targets] - explainer.outputs(golden["baseline"])[0, targets]
    np.testing.assert_allclose(sums, change, atol=1e-5)
