"""Infidelity and sensitivity are captum's."""

from pathlib import Path

import numpy as np
import pytest

from tissueshap.trust import infidelity, relative_infidelity, sensitivity

FOLDER = Path(__file__).parents[2] / "golden"
GOLDEN = FOLDER / "captum_methods.npz"


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN)


@pytest.fixture(scope="module")
def outputs(golden):
    first, bias, second, last = (golden[f"weight_{n}"].astype(np.float64) for n in range(4))

    def of_target(points):
        raised = np.exp(np.tanh(points @ first + bias) @ second + last)
        return (raised / raised.sum(axis=1, keepdims=True))[
            np.arange(len(points)), golden["targets"]
        ]

    return of_target


@pytest.mark.parametrize("scaled", [False, True])
def test_infidelity_is_that_of_captum(golden, outputs, scaled):
    x, noise, suffix = golden["x"], golden["noise"], "_scaled" if scaled else ""
    found = infidelity(outputs, x, golden["smooth_gradient"], noise, scaled=scaled)
    np.testing.assert_allclose(found, golden["infidelity_local" + suffix], rtol=1e-3, atol=1e-7)
    values, base = golden["integrated_gradients"], golden["baseline"]
    found = infidelity(outputs, x, values, noise, baseline=base, scaled=scaled)
    expected = golden["infidelity_multiplied" + suffix]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-7)


def test_relative_infidelity_is_a_share_of_that_of_zeros(golden, outputs):
    x, noise, values = golden["x"], golden["noise"], golden["smooth_gradient"]
    ours = infidelity(outputs, x, values, noise, scaled=True)
    zeros = infidelity(outputs, x, np.zeros_like(values), noise)
    found = relative_infidelity(outputs, x, values, noise)
    np.testing.assert_allclose(found, ours / zeros, rtol=1e-9)
    np.testing.assert_allclose(relative_infidelity(outputs, x, 5 * values, noise), found)
    np.testing.assert_array_equal(relative_infidelity(outputs, x, 0 * values, noise), 1.0)


def test_a_gene_as_in_the_baseline_divides_by_nothing(golden, outputs):
    x, noise = golden["x"], golden["noise"]
    found = infidelity(outputs, x, golden["integrated_gradients"], noise, baseline=x.copy())
    np.testing.assert_allclose(
        found, infidelity(outputs, x, golden["integrated_gradients"], noise), rtol=1e-9
    )


@pytest.fixture(scope="module")
def gradients(golden):
    first, bias, second, last = (golden[f"weight_{n}"].astype(np.float64) for n in range(4))

    def of_targets(points, targets):
        hidden = np.tanh(points @ first + bias)
        raised = np.exp(hidden @ second + last)
        share = raised / raised.sum(axis=1, keepdims=True)
        own = share[np.arange(len(points)), targets][:, None]
        return (
            own * (np.eye(share.shape[1])[targets] - share) @ second.T * (1 - hidden**2)
        ) @ first.T

    return of_targets


def test_sensitivity_is_that_of_quantus(golden, gradients):
    expected = np.load(FOLDER / "quantus_measures.npz")

    def explained(x):
        return x * gradients(x, golden["targets"])

    values = explained(golden["x"])
    np.testing.assert_allclose(values, expected["input_x_gradient"], rtol=1e-4, atol=1e-6)
    others = np.stack([explained(golden["x"] + draw) for draw in golden["noise"]])
    np.testing.assert_allclose(sensitivity(values, others), expected["sensitivity"], rtol=1e-4)


def test_sensitivity_is_that_of_captum(golden, gradients):
    from tissueshap.explain import integrated_gradients

    def explained(x):
        return integrated_gradients(gradients, x, golden["targets"], golden["baseline"])

    values = explained(golden["x"])
    np.testing.assert_allclose(values, golden["integrated_gradients"], rtol=1e-4, atol=1e-6)
    others = np.stack([explained(golden["x"] + draw) for draw in golden["noise"]])
    np.testing.assert_allclose(sensitivity(values, others), golden["sensitivity"], rtol=1e-4)
    assert np.isnan(sensitivity(0 * values, others)).all()
