"""Agreement of rankings against values worked out by hand."""

import numpy as np
import pytest

from tissueshap.trust import (
    jaccard,
    jaccard_by_chance,
    rank_biased_overlap,
    rank_biased_overlap_by_chance,
    spearman,
)


def test_jaccard_by_hand():
    first, second = np.array([1, 1, 1, 0, 0], bool), np.array([0, 1, 1, 1, 0], bool)
    assert jaccard(first, second) == 0.5
    assert jaccard(first, first) == 1
    assert jaccard(first, ~first) == 0
    assert np.isnan(jaccard(first & ~first, first & ~first))


def test_jaccard_by_chance_by_hand():
    # One of two genes each: the same half of the time, with index 1.
    assert jaccard_by_chance(1, 2) == pytest.approx(0.5)
    # Two of three: never disjoint; equal in 1 of 3 draws, else one of three in both.
    assert jaccard_by_chance(2, 3) == pytest.approx(1 / 3 + 2 / 3 * 1 / 3)


def test_jaccard_by_chance_is_what_random_sets_give():
    rng = np.random.default_rng(1)
    drawn = [jaccard(rng.permutation(60) < 15, rng.permutation(60) < 15) for _ in range(3000)]
    assert np.mean(drawn) == pytest.approx(jaccard_by_chance(15, 60), abs=0.004)


def test_rank_biased_overlap_by_hand():
    first, second = np.array([0, 1, 2]), np.array([1, 0, 3])
    p = 0.5
    # Agreement 0, 2/2, 2/3 at depths 1, 2, 3.
    expected = (1 - p) / p * (0 * p + 1 * p**2 + 2 / 3 * p**3) + 2 / 3 * p**3
    assert rank_biased_overlap(first, second, p=p) == pytest.approx(expected)
    assert rank_biased_overlap(first, first, p=p) == pytest.approx(1)
    assert rank_biased_overlap(first, first + 3, p=p) == 0


def test_rank_biased_overlap_weighs_the_first_ranks_most():
    base = np.arange(20)
    head, tail = base.copy(), base.copy()
    head[0], tail[-1] = 99, 99
    assert rank_biased_overlap(base, head, p=0.9) < rank_biased_overlap(base, tail, p=0.9)


def test_rank_biased_overlap_by_chance_is_what_random_rankings_give():
    rng = np.random.default_rng(2)
    drawn = [
        rank_biased_overlap(rng.permutation(50)[:10], rng.permutation(50)[:10], p=0.9)
        for _ in range(3000)
    ]
    assert np.mean(drawn) == pytest.approx(rank_biased_overlap_by_chance(10, 50, p=0.9), abs=0.005)


def test_rank_biased_overlap_of_whole_rankings_by_its_definition():
    first, second, p = np.arange(4), np.array([1, 0, 3, 2]), 0.8
    agreement = [0, 1, 2 / 3, 1]
    expected = (1 - p) * sum(p**d * share for d, share in enumerate(agreement)) + p**4
    assert rank_biased_overlap(first, second, p=p) == pytest.approx(expected)
    rng = np.random.default_rng(0)
    drawn = [rank_biased_overlap(np.arange(200), rng.permutation(200), p=0.9) for _ in range(800)]
    expected = rank_biased_overlap_by_chance(200, 200, p=0.9)
    assert np.mean(drawn) == pytest.approx(expected, abs=0.006)


def test_spearman_by_hand_with_ties_and_constants():
    from scipy.stats import spearmanr

    first, second = np.array([1.0, 2, 2, 4, 0]), np.array([3.0, 1, 5, 9, 2])
    assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert spearman(first, -first) == pytest.approx(-1)
    assert spearman(first, np.ones(5)) == 0
