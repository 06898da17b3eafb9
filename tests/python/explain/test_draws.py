from __future__ import annotations

import numpy as np
import pytest

from tissueshap.explain._draws import monte_carlo, stratified, stratified_size


@pytest.mark.parametrize("n_draws", [2, 3, 7, 20, 200, 201, 1999])
def test_the_grid_is_filled_and_little_larger_than_asked(n_draws):
    draws = stratified(n_draws, np.arange(50), np.random.default_rng(0))
    assert draws.rows.size == draws.alpha.size == stratified_size(n_draws)
    assert n_draws <= draws.rows.size <= n_draws + 2 * np.sqrt(n_draws) + 2


def test_each_cell_has_a_draw_in_each_half():
    order = np.arange(1000)
    draws = stratified(200, order, np.random.default_rng(0))
    cells = (draws.rows // 100) * 10 + np.floor(draws.alpha * 10).astype(int)
    np.testing.assert_array_equal(cells[:100], np.arange(100))
    np.testing.assert_array_equal(cells[100:], np.arange(100))


@pytest.mark.parametrize("size", [1, 3, 7, 30])
def test_small_backgrounds_are_drawn_evenly(size):
    order = np.random.default_rng(1).permutation(size)
    rng = np.random.default_rng(2)
    rows = np.concatenate([stratified(50, order, rng).rows for _ in range(400)])
    share = np.bincount(rows, minlength=size) / rows.size
    np.testing.assert_allclose(share, 1 / size, rtol=0.1)


def test_monte_carlo_draws_with_replacement_and_uniformly():
    draws = monte_carlo(5000, np.arange(10), np.random.default_rng(0))
    share = np.bincount(draws.rows, minlength=10) / 5000
    np.testing.assert_allclose(share, 0.1, atol=0.02)
    np.testing.assert_allclose(np.histogram(draws.alpha, 5, (0, 1))[0], 1000, rtol=0.12)
