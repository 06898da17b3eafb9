from __future__ import annotations

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.explain import Background, expected_gradients
from tissueshap.explain._background import References


class Watched:
    """A matrix that remembers which of its rows were read as one draw of a sample."""

    def __init__(self, values):
        self.values, self.shape, self.drawn = values, values.shape, set()

    def __getitem__(self, rows):
        if np.unique(rows).size < len(rows):  # a pass draws with replacement
            self.drawn |= set(rows.tolist())
        return self.values[rows]


def _linear(make_network, n_genes=6, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(n_genes, 3)).astype(np.float32)
    return make_network([weights, np.zeros(3, np.float32)]), weights, rng


@pytest.mark.parametrize("method", ["stratified", "monte_carlo"])
def test_weights_say_how_often_a_sample_is_drawn(make_network, method):
    network, weights, rng = _linear(make_network)
    values = rng.normal(size=(40, 6)).astype(np.float32)
    x, share = rng.normal(size=(3, 6)).astype(np.float32), rng.random(40)
    found = expected_gradients(
        network,
        x,
        Background(values, weights=share),
        np.arange(3),
        output="logit",
        method=method,
        n_draws=2000,
    )
    mean = share @ values / share.sum()
    np.testing.assert_allclose(found.base, mean @ weights, atol=1e-5)
    exact = (x - mean) * weights.T
    far = np.abs(found.values - exact) > 4.5 * found.standard_error + 1e-4
    assert not far.any()


@pytest.mark.parametrize("grouped", [False, True])
def test_means_and_variances_are_those_of_all_rows_at_once(grouped):
    rng = np.random.default_rng(2)
    # Large values, more rows than are read at once, and a gene that does not vary.
    values = (1e4 + rng.normal(size=(2100, 4))).astype(np.float32)
    values[:, 3] = 7
    weights, groups = rng.random(2100), rng.integers(0, 3, 2100)
    background = Background(values, weights=weights, groups=groups if grouped else None)
    order = rng.permutation(2100)
    found = References(background, order, moments=True)[1]
    share = np.where(grouped & (groups == 1), 0, weights)
    mean = np.average(values, axis=0, weights=share)
    variance = np.average(np.square(values - mean), axis=0, weights=share)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-6)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-3, atol=1e-9)
    assert found.variance[3] == 0
    np.testing.assert_array_equal(found.rows, order[share[order] > 0])
    # A stretch as long as the weight: places spread evenly draw each as often as it should.
    drawn = np.bincount(found.at((np.arange(10**6) + 0.5) / 10**6), minlength=2100) / 10**6
    np.testing.assert_allclose(drawn, share / share.sum(), atol=3e-6)


def test_other_classes_only_never_draws_the_explained_one(network, golden):
    x, targets = golden["x"], golden["targets"]
    groups = np.arange(len(golden["background"])) % 5
    for target in np.unique(targets):
        watched = Watched(golden["background"])
        background = Background(watched, groups=groups)
        chosen = targets == target
        found = expected_gradients(network, x[chosen], background, targets[chosen])
        drawn = groups[sorted(watched.drawn)]
        assert set(drawn) == set(range(5)) - {target}
        others = expected_gradients(
            network, x[chosen], golden["background"][groups != target], targets[chosen], seed=1
        )
        np.testing.assert_allclose(found.base, others.base, rtol=1e-6)
        z = (found.values - others.values) / np.hypot(found.standard_error, others.standard_error)
        assert 0.8 < z.std() < 1.2


def test_an_unweighted_background_is_drawn_evenly(network, golden):
    plain, weighted = (
        expected_gradients(network, golden["x"], background, golden["targets"])
        for background in (
            golden["background"],
            Background(golden["background"], weights=np.full(len(golden["background"]), 3.0)),
        )
    )
    np.testing.assert_allclose(plain.values, weighted.values, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": np.zeros(4)}, "weights of the background are 0"),
        ({"weights": np.array([1, -1, 1, 1])}, "negative"),
        ({"weights": np.ones(3)}, "each of 4"),
        ({"groups": np.zeros(3)}, "each of 4"),
    ],
)
def test_wrong_weights_are_named(options, message):
    with pytest.raises(DataError, match=message):
        Background(np.zeros((4, 2)), **options)


def test_a_class_without_others_is_named(network, golden):
    background = Background(golden["background"][:5], groups=np.full(5, 2))
    with pytest.raises(DataError, match="no sample of another class than number 2"):
        expected_gradients(network, golden["x"][:1], background, np.array([2]))
    found = expected_gradients(network, golden["x"][:1], background, np.array([1]), n_draws=4)
    assert np.isfinite(found.values).all()
