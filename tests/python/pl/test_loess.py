"""The smooth line."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap.pl._loess import loess


def test_a_line_stays_a_line():
    x = np.sort(np.random.default_rng(0).uniform(0, 10, 40))
    at = np.linspace(0, 10, 15)
    assert np.allclose(loess(x, 3 * x - 2, at), 3 * at - 2)


def test_agrees_with_statsmodels():
    lowess = pytest.importorskip("statsmodels.nonparametric.smoothers_lowess").lowess
    rng = np.random.default_rng(1)
    x = np.sort(rng.uniform(0, 10, 60))
    y = np.sin(x) + rng.normal(0, 0.1, 60)
    expected = lowess(y, x, frac=0.5, it=0, return_sorted=False)
    assert np.allclose(loess(x, y, x, span=0.5), expected, atol=0.01)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points(n):
    x, y = np.arange(n) + 1.0, np.arange(n) + 5.0
    assert np.isfinite(loess(x, y, np.linspace(1, n, 9))).all()


def test_points_of_one_x_give_their_mean():
    assert loess(np.ones(4), np.array([1.0, 2, 3, 4]), np.ones(1)) == pytest.approx([2.5])


def test_a_span_above_one_sees_all_points_from_farther():
    # R: predict(loess(y ~ x, span = 4 / 3, degree = 1, control =
    #     loess.control(surface = "direct")), data.frame(x = c(1, 2.5, 6)))
    x, y = np.arange(1.0, 7.0), np.array([1.0, 1.0, 0.9, 1.0, 1.0, 0.8])
    expected = [0.9910010, 0.9761453, 0.8768895]
    assert np.allclose(loess(x, y, np.array([1, 2.5, 6]), span=4 / 3), expected, atol=1e-6)
