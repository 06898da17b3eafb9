"""Stability of several sets against published values and identities."""

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.trust import kuncheva, nogueira


def as_sets(*chosen, n_genes=10):
    sets = np.zeros((len(chosen), n_genes), dtype=bool)
    for row, items in enumerate(chosen):
        sets[row, np.asarray(items) - 1] = True
    return sets


def test_golden_values_of_stabm_s_definition():
    found = nogueira(as_sets([1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 5, 6, 7]))
    assert found.index == pytest.approx(0.4570136, abs=1e-7)
    assert found.variance == pytest.approx(0.0058550, abs=1e-7)
    assert (found.low, found.high) == pytest.approx((0.30704, 0.60699), abs=1e-5)


def test_of_sets_of_one_size_both_indices_and_the_mean_kappa_are_the_same():
    rng = np.random.default_rng(1)
    sets = np.zeros((4, 30), dtype=bool)
    for row in sets:
        row[rng.choice(30, 7, replace=False)] = True
    kappas = []
    for first in range(4):
        for second in range(first):
            observed = (sets[first] == sets[second]).mean()
            chance = (7 / 30) ** 2 + (23 / 30) ** 2
            kappas.append((observed - chance) / (1 - chance))
    assert kuncheva(sets) == pytest.approx(np.mean(kappas))
    assert nogueira(sets).index == pytest.approx(np.mean(kappas))


def test_the_same_sets_are_stable_and_random_ones_are_not():
    rng = np.random.default_rng(2)
    same = nogueira(np.repeat(rng.random((1, 50)) < 0.2, 5, axis=0))
    assert same.index == pytest.approx(1)
    assert same.low == pytest.approx(1)
    indices = [nogueira(rng.random((5, 200)) < 0.1).index for _ in range(100)]
    assert abs(np.mean(indices)) < 0.01


def test_the_interval_covers_the_index_of_many_sets():
    # Membership by gene: the population index is 1 - mean p (1 - p) / (mean p (1 - mean p)).
    rng = np.random.default_rng(3)
    probability = np.where(np.arange(100) < 10, 0.8, 0.02)
    mean = probability.mean()
    truth = 1 - (probability * (1 - probability)).mean() / (mean * (1 - mean))
    inside = 0
    for _ in range(300):
        found = nogueira(rng.random((30, 100)) < probability)
        inside += found.low <= truth <= found.high
    assert inside >= 0.9 * 300


def test_tests_of_a_value_and_of_two_indices():
    rng = np.random.default_rng(4)
    stable = nogueira(rng.random((30, 100)) < np.where(np.arange(100) < 10, 0.9, 0.01))
    random = nogueira(rng.random((30, 100)) < 0.1)
    assert stable.pvalue() < 1e-6
    assert stable.pvalue_of_difference(random) < 1e-6
    assert random.pvalue() > 0.01
    assert stable.pvalue(stable.index) == pytest.approx(1)


def test_two_sets_have_no_interval_and_wrong_sets_are_errors():
    pair = nogueira(as_sets([1, 2], [1, 3]))
    assert pair.index == pytest.approx(kuncheva(as_sets([1, 2], [1, 3])))
    assert np.isnan([pair.variance, pair.low, pair.high, pair.pvalue()]).all()
    assert np.isnan(nogueira(np.ones((3, 4))).index)
    with pytest.raises(DataError, match="sets of one size, not of 1 to 2"):
        kuncheva(as_sets([1, 2], [1]))
    with pytest.raises(DataError, match="at least 2 sets"):
        nogueira(as_sets([1, 2]))
