"""Stopping at a tolerance, and the precision of the gradients."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.explain import expected_gradients
from tissueshap.explain._network import in_precision


def _explained(network, golden, **options):
    return expected_gradients(
        network, golden["x"], golden["background"], golden["targets"], **options
    )


def _relative(found, reference, n_top=20):
    """Return the error of each sample's largest values, relative to them."""
    top = np.argsort(-np.abs(reference), axis=1)[:, :n_top]
    error, size = (
        np.sqrt(np.square(np.take_along_axis(values, top, 1)).mean(axis=1))
        for values in (found - reference, reference)
    )
    return error / size


def test_a_tolerance_stops_a_sample_at_the_promised_error(network, golden):
    reference = golden["probability_values"]
    held = []
    for seed in range(12):
        found = _explained(network, golden, tolerance=0.1, n_draws=4000, seed=seed)
        assert found.n_draws.max() < 4000
        held.append(_relative(found.values, reference))
    used = found.n_draws
    assert np.unique(used).size > 2  # the easy samples take fewer
    error = np.sqrt(np.square(held).mean(axis=0))
    assert np.sqrt(np.square(error).mean()) < 0.105
    assert error.max() < 0.13
    # And no more was done than needed: half the draws would not have been enough.
    assert np.median(error) > 0.05


def test_stopping_early_hardly_biases(network, golden):
    # Values that chance made large stop a sample sooner: they would stay too large.
    n_repeats = 80
    repeated = {key: np.concatenate([golden[key]] * n_repeats) for key in ("x", "targets")}
    held = {"background": golden["background"], **repeated}
    found = _explained(network, held, tolerance=0.1, n_draws=1000)
    assert found.n_draws.min() < 100 < found.n_draws.max()
    reference = np.concatenate([golden["probability_values"]] * n_repeats)
    size = np.square(reference).sum(axis=1)
    scale = ((found.values * reference).sum(axis=1) / size - 1).reshape(n_repeats, -1)
    # A tenth of the error that was asked for.
    assert abs(scale.mean()) < 0.01
    assert scale.mean(axis=1).std() / np.sqrt(n_repeats) < 0.004


def test_the_most_draws_are_kept_to(network, golden):
    found = _explained(network, golden, tolerance=1e-4, n_draws=100)
    assert found.n_draws.tolist() == [100] * 8
    plain = _explained(network, golden, n_draws=100)
    assert plain.n_draws.tolist() == [100] * 8
    # The same number of draws, in two grids or in one.
    z = (found.values - plain.values) / np.hypot(found.standard_error, plain.standard_error)
    assert 0.8 < z.std() < 1.2


def test_with_a_tolerance_a_sample_has_the_same_values_in_any_batch(network, golden):
    options = {"tolerance": 0.1, "n_draws": 1000}
    together = _explained(network, golden, **options)
    for size in (30, 100, 170):
        found = _explained(network, golden, batch_size=size, **options)
        np.testing.assert_array_equal(found.n_draws, together.n_draws)
        np.testing.assert_allclose(found.values, together.values, atol=1e-6)


def test_a_tolerance_is_a_positive_share(network, golden):
    with pytest.raises(DataError, match="tolerance must be .* not 0"):
        _explained(network, golden, tolerance=0)


def test_mixed_precision_is_near_and_only_on_request(network, golden):
    exact = _explained(network, golden, n_draws=100)
    mixed = _explained(network, golden, n_draws=100, mixed_precision=True)
    away = np.abs(mixed.values - exact.values).max() / np.abs(exact.values).max()
    assert 1e-6 < away < 0.05
    # A network that computes in bfloat16 is explained in float32 all the same.
    lower = in_precision(network, mixed=True)
    assert {layer.compute_dtype for layer in lower.layers} == {"float32", "bfloat16"}
    again = in_precision(lower, mixed=False)
    assert {layer.compute_dtype for layer in again.layers} == {"float32"}
    found = _explained(again, golden, n_draws=100)
    np.testing.assert_allclose(found.values, exact.values, atol=1e-6)
    assert in_precision(network, mixed=False) is network
