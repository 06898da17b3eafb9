from __future__ import annotations

import numpy as np
import pytest

from tissueshap.explain._draws import stratified
from tissueshap.explain._estimate import paired_mean, plain_mean


def test_plain_mean_is_mean_and_standard_error():
    values = np.random.default_rng(0).normal(size=(40, 3))
    mean, error = plain_mean(values)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    np.testing.assert_allclose(error, values.std(axis=0, ddof=1) / np.sqrt(40))


def _repeated(function, n_repeats=600, n_draws=64):
    """Estimate the mean of function(background, alpha) many times."""
    rng = np.random.default_rng(3)
    background = np.sort(rng.normal(size=500)).astype(np.float32)
    order = np.arange(500)
    found = []
    for _ in range(n_repeats):
        draws = stratified(n_draws, order, rng)
        b = background[draws.rows]
        values = function(b, draws.alpha)[:, None].astype(np.float32)
        away = (b - background.mean())[:, None]
        variance = np.array([background.var()])
        found.append(np.ravel(paired_mean(values, away, variance)))
    grid = np.linspace(0, 1, 2001)[:-1] + 0.5 / 2000
    truth = function(background[:, None], grid[None, :]).mean()
    return np.array(found), truth


@pytest.mark.parametrize(
    "function",
    [
        lambda b, a: (1 - b) * np.exp(-40 * (a - 0.5) ** 2),
        lambda b, a: (1 - b) * (1 + b * a),
        lambda b, a: (2 - b) / (1 + np.exp(-10 * (a - 0.3 * b))),
    ],
    ids=["peak", "product", "sigmoid"],
)
def test_paired_mean_is_unbiased_and_its_error_is_right(function):
    found, truth = _repeated(function)
    mean, error = found.T
    spread = mean.std(ddof=1)
    assert abs(mean.mean() - truth) < 4 * spread / np.sqrt(len(mean))
    np.testing.assert_allclose(np.sqrt(np.mean(error**2)), spread, rtol=0.12)


def test_the_control_variate_takes_all_error_from_a_linear_function():
    found, truth = _repeated(lambda b, a: 3.0 * (1 - b), n_repeats=20)
    np.testing.assert_allclose(found[:, 0], truth, rtol=1e-5)
    assert found[:, 1].max() < 1e-5


def test_a_gene_that_hardly_ever_varies_cannot_explode():
    rng = np.random.default_rng(0)
    away = np.full((200, 2), -0.1, dtype=np.float32) + rng.normal(0, 1e-8, (200, 2))
    away[150, 0] = 12.0
    values = rng.normal(1, 0.1, (200, 2)).astype(np.float32)
    mean, error = paired_mean(values, away.astype(np.float32), np.array([1.4, 0.0]))
    assert np.abs(mean - 1).max() < 0.5
    assert np.isfinite(error).all()
