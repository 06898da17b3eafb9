"""Statements about a class's ranking are wrong in at most one case of twenty."""

import numpy as np
import pytest

from tissueshap.trust import verified_ranks


def scenario(name, n_genes, rng):
    """Return true means and standard deviations."""
    means = np.zeros(n_genes)
    if name == "falling":
        means = 1 / np.arange(1, n_genes + 1) ** 0.7
        return means, 0.1 * means + 0.01
    if name == "two tied":
        means[:2] = 1
        return means, np.full(n_genes, 0.1)
    if name == "ties of unequal spread":
        means[:20] = 1
        return means, np.where(np.arange(n_genes) % 2, 0.6, 0.05)
    if name == "pairs":
        return np.repeat(np.linspace(2, 0, n_genes // 2), 2), np.full(n_genes, 0.002)
    return means, rng.lognormal(0, 1, n_genes)


@pytest.mark.parametrize(
    "name", ["falling", "two tied", "ties of unequal spread", "pairs", "nothing"]
)
@pytest.mark.parametrize("n_samples", [4, 20])
@pytest.mark.parametrize("skewed", [False, True])
def test_coverage(name, n_samples, skewed):
    n_genes, repeats, rng = 100, 250, np.random.default_rng([len(name), n_samples])
    wrong = {"order": 0, "within": 0}
    for _ in range(repeats):
        means, spread = scenario(name, n_genes, rng)
        place = rng.permutation(n_genes)
        means, spread = means[place], spread[place]
        # Samples share a factor, and each value has the error of its draws.
        own = (
            rng.exponential(size=(n_samples, n_genes)) - 1
            if skewed
            else rng.normal(size=(n_samples, n_genes))
        )
        error = 0.7 * own + 0.7 * rng.normal(size=(n_samples, 1))
        draws = 0.01 * rng.normal(size=(n_samples, n_genes))
        values = means + spread * error + draws
        found = verified_ranks(values, n_ranks=10)
        order = np.argsort(-values.mean(axis=0), kind="stable")
        stated = means[order]
        n_above = min(found.n_ordered, n_genes - 1)
        wrong["order"] += any(stated[i] <= stated[i + 1 :].max() for i in range(n_above))
        deepest = max((means > stated[i]).sum() + 1 for i in range(10))
        wrong["within"] += deepest > found.within
    # At most 5 % plus twice the standard error of 250 repeats.
    limit = repeats * (0.05 + 2 * np.sqrt(0.05 * 0.95 / repeats))
    assert wrong["order"] <= limit
    assert wrong["within"] <= limit


def test_clear_differences_are_verified_and_noise_is_not():
    rng = np.random.default_rng(1)
    clear = np.r_[10.0, 8, 6, 4, np.zeros(46)] + 0.1 * rng.normal(size=(10, 50))
    found = verified_ranks(clear, n_ranks=4)
    assert found.n_ordered == 4
    assert found.within == 4
    noise = verified_ranks(rng.normal(size=(10, 50)), n_ranks=4)
    assert noise.n_ordered == 0
    assert noise.within > 40


def test_an_order_that_the_means_contradict_is_not_verified():
    values = np.array([[9.0, 5, 1], [9.2, 5.1, 1.1], [8.9, 4.9, 0.9], [9.1, 5, 1]])
    assert verified_ranks(values, n_ranks=2).n_ordered == 3
    assert verified_ranks(values, n_ranks=2, scores=np.array([1.0, 3, 2])).n_ordered == 0


def test_two_samples_say_nothing():
    assert verified_ranks(np.ones((2, 5)), n_ranks=2) is None
