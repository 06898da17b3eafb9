from __future__ import annotations

import numpy as np
import pytest

from tissueshap.explain._draws import drawn_size, monte_carlo, stratified


@pytest.mark.parametrize("n_draws", [2, 3, 7, 14, 20, 50, 100, 200, 201, 1999])
def test_the_grid_is_filled_and_little_larger_than_asked(n_draws):
    draws = stratified(n_draws, np.random.default_rng(0))
    assert draws.place.size == draws.alpha.size == drawn_size(n_draws, "stratified")
    assert n_draws <= draws.place.size <= n_draws + max(2, 0.04 * n_draws)
    assert n_draws <= drawn_size(n_draws, "monte_carlo") <= n_draws + 1


def test_each_cell_has_a_pair():
    draws = stratified(200, np.random.default_rng(0))
    cells = np.floor(draws.place * 10).astype(int) * 10 + np.floor(draws.alpha * 10).astype(int)
    np.testing.assert_array_equal(cells, np.repeat(np.arange(100), 2).reshape(100, 2))


def test_monte_carlo_draws_uniformly():
    draws = monte_carlo(5000, np.random.default_rng(0))
    for drawn in (draws.place, draws.alpha):
        np.testing.assert_allclose(np.histogram(drawn, 5, (0, 1))[0], 1000, rtol=0.12)
