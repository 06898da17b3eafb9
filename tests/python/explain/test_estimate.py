from __future__ import annotations

import numpy as np
import pytest

from tissueshap.explain._draws import stratified
from tissueshap.explain._estimate import N_SUMS, Estimate, pair_sums


def _estimate(values, away, parts=1):
    """Return the estimate from pairs x 2 x genes, summed up in parts."""
    found = Estimate(np.zeros((N_SUMS, values.shape[-1])))
    for c, a in zip(np.array_split(values, parts), np.array_split(away, parts), strict=True):
        sums = pair_sums(c[None].astype(np.float32), a[None].astype(np.float32))
        found.add(np.asarray(sums)[0], len(c))
    return found


def test_the_plain_mean_is_mean_and_standard_error():
    values = np.random.default_rng(0).normal(1, 2, size=(4000, 2, 3))
    mean, error = _estimate(values, np.zeros_like(values)).plain()
    np.testing.assert_allclose(mean, values.mean(axis=(0, 1)), rtol=1e-4)
    spread = values.reshape(-1, 3).std(axis=0, ddof=1) / np.sqrt(8000)
    np.testing.assert_allclose(error, spread, rtol=0.05)


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    values, away = rng.normal(size=(2, 60, 2, 4))
    whole = _estimate(values, away).controlled(np.ones(4))
    parts = _estimate(values, away, parts=7).controlled(np.ones(4))
    np.testing.assert_allclose(parts, whole, rtol=1e-4)


def _repeated(function, n_repeats=500, n_draws=64):
    """Estimate the mean of function(background, alpha) many times."""
    rng = np.random.default_rng(3)
    background = np.sort(rng.normal(size=500)).astype(np.float32)
    found = []
    for _ in range(n_repeats):
        draws = stratified(n_draws, rng)
        b = background[(draws.place * 500).astype(int)]
        values, away = function(b, draws.alpha)[..., None], (b - background.mean())[..., None]
        variance = np.array([background.var()])
        found.append(np.ravel(_estimate(values, away).controlled(variance)))
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


@pytest.mark.parametrize("n_pairs", [12, 25])
def test_the_error_of_few_pairs_is_not_too_small(n_pairs):
    rng = np.random.default_rng(5)
    n_repeats = 20_000
    away = rng.normal(size=(n_repeats, n_pairs, 2, 1)).astype(np.float32)
    values = (0.5 * away + rng.normal(size=away.shape)).astype(np.float32)
    sums = np.asarray(pair_sums(values, away))
    found = [Estimate(one.astype(float), n_pairs).controlled(np.ones(1)) for one in sums]
    mean, error = np.array(found)[:, :, 0].T
    assert abs(mean.mean()) < 4 * mean.std() / np.sqrt(n_repeats)
    assert np.square(error).mean() / mean.var() == pytest.approx(1, abs=0.06)


def test_the_control_variate_takes_all_error_from_a_linear_function():
    found, truth = _repeated(lambda b, a: 3.0 * (1 - b), n_repeats=20)
    np.testing.assert_allclose(found[:, 0], truth, rtol=1e-5)
    assert found[:, 1].max() < 1e-3


def test_a_gene_that_hardly_ever_varies_cannot_explode():
    rng = np.random.default_rng(0)
    away = -0.1 + rng.normal(0, 1e-8, (100, 2, 2))
    away[50, 1, 0] = 12.0
    values = rng.normal(1, 0.1, (100, 2, 2))
    mean, error = _estimate(values, away).controlled(np.array([1.4, 0.0]))
    assert np.abs(mean - 1).max() < 0.5
    assert np.isfinite(error).all()
