from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.explain import expected_gradients


def _explained(network, golden, **options):
    return expected_gradients(
        network, golden["x"], golden["background"], golden["targets"], **options
    )


@pytest.mark.parametrize("output", ["probability", "logit"])
@pytest.mark.parametrize("method", ["stratified", "monte_carlo"])
def test_values_are_those_of_shap(network, golden, output, method):
    found = _explained(network, golden, output=output, method=method, n_draws=1500)
    combined = np.hypot(found.standard_error, golden[f"{output}_standard_error"])
    z = (found.values - golden[f"{output}_values"]) / combined
    assert z.size == 192
    assert abs(z.mean()) < 4 / np.sqrt(z.size)
    assert 0.85 < z.std() < 1.15
    assert np.abs(z).max() < 4.5


def test_standard_errors_are_those_of_repeated_runs(network, golden):
    for method in ("stratified", "monte_carlo"):
        runs = [
            _explained(network, golden, method=method, n_draws=100, seed=seed) for seed in range(25)
        ]
        values = np.stack([run.values for run in runs])
        claimed = np.sqrt(np.mean([run.standard_error**2 for run in runs], axis=0))
        ratio = claimed / values.std(axis=0, ddof=1)
        assert 0.93 < np.median(ratio) < 1.07


def test_stratified_draws_are_more_accurate_for_the_same_work(network, golden):
    error = {}
    for method in ("stratified", "monte_carlo"):
        runs = [_explained(network, golden, method=method, seed=seed) for seed in range(10)]
        error[method] = np.mean(
            [np.square(run.values - golden["probability_values"]).mean() for run in runs]
        )
    assert error["stratified"] < 0.5 * error["monte_carlo"]


@pytest.mark.parametrize("output", ["probability", "logit"])
def test_values_add_up(network, golden, output):
    found = _explained(network, golden, output=output, n_draws=2000)
    total = found.values.sum(axis=1)
    atol = 0.003 if output == "probability" else 0.03
    np.testing.assert_allclose(total, found.output - found.base, rtol=0.02, atol=atol)
    np.testing.assert_allclose(
        found.completeness, np.abs(total / (found.output - found.base) - 1), rtol=1e-3, atol=1e-6
    )


def test_a_linear_logit_has_the_values_that_algebra_says(make_network):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(6, 3)).astype(np.float32)
    network = make_network([weights, np.zeros(3, np.float32)])
    background = rng.normal(size=(40, 6)).astype(np.float32)
    x = rng.normal(size=(3, 6)).astype(np.float32)
    found = expected_gradients(network, x, background, np.arange(3), output="logit", n_draws=400)
    exact = (x - background.mean(axis=0)) * weights.T
    np.testing.assert_allclose(found.values, exact, atol=0.05)
    far = np.abs(found.values - exact) > 4 * found.standard_error + 1e-5
    assert not far.any()


def test_a_sample_has_the_same_values_in_any_batch(network, golden):
    together = _explained(network, golden, n_draws=50)
    for size in (7, 50, 120, 1000):
        found = _explained(network, golden, n_draws=50, batch_size=size)
        np.testing.assert_allclose(found.values, together.values, atol=1e-6)
    first = expected_gradients(
        network, golden["x"][:1], golden["background"], golden["targets"][:1], n_draws=50
    )
    np.testing.assert_allclose(first.values[0], together.values[0], atol=1e-6)


def test_the_seed_decides(network, golden):
    once, again = (_explained(network, golden, n_draws=20) for _ in range(2))
    np.testing.assert_array_equal(once.values, again.values)
    other = _explained(network, golden, n_draws=20, seed=1)
    assert np.abs(once.values - other.values).max() > 1e-4


def test_many_draws_take_several_passes(network, golden):
    found = expected_gradients(
        network,
        golden["x"][:2],
        golden["background"],
        golden["targets"][:2],
        n_draws=5000,
    )
    assert found.n_draws.tolist() == [5000, 5000]
    z = (found.values - golden["probability_values"][:2]) / np.hypot(
        found.standard_error, golden["probability_standard_error"][:2]
    )
    assert 0.7 < z.std() < 1.3


def test_no_samples_give_no_values(network, golden):
    found = expected_gradients(
        network, golden["x"][:0], golden["background"], golden["targets"][:0]
    )
    assert found.values.shape == (0, 24)


def test_one_background_sample_is_integrated_gradients(network, golden):
    found = expected_gradients(
        network, golden["x"][:1], golden["background"][:1], golden["targets"][:1], n_draws=2000
    )
    assert found.completeness[0] < 0.005


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.zeros((2, 5), np.float32)}, "needs 24 genes"),
        ({"targets": np.array([0, 9, 0, 0, 0, 0, 0, 0])}, "not among the network's classes"),
        ({"targets": np.array([0])}, "pass one for each"),
        ({"background": np.zeros((0, 24), np.float32)}, "background is empty"),
        ({"n_draws": 1}, "at least 2"),
        ({"output": "odds"}, "probability"),
        ({"method": "exact"}, "stratified"),
    ],
)
def test_wrong_input_is_named(network, golden, change, message):
    given = {key: golden[key] for key in ("x", "background", "targets")}
    options = {key: change[key] for key in change if key not in given}
    given.update({key: value for key, value in change.items() if key in given})
    with pytest.raises(DataError, match=message):
        expected_gradients(network, *given.values(), **options)


def test_logits_need_a_softmax_of_its_own(golden):
    from tissueshap.model._backend import keras

    inputs = keras().Input((24,))
    network = keras().Model(inputs, keras().layers.Dense(5, activation="softmax")(inputs))
    with pytest.raises(DataError, match="softmax of its own"):
        _explained(network, golden, output="logit")
