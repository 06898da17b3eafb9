"""Rankings by class, and how alike two of them are."""

import numpy as np
import pytest

from tissueshap.trust import _ranking, _stability


def test_by_class_is_the_median_of_each_class():
    values = np.array([[1.0, 5], [3, 5], [8, 5], [2, 7]])
    found = _ranking.by_class(values, np.array([0, 0, 0, 2]), 3)
    np.testing.assert_array_equal(found[:, 0], [3, 5])
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[:, 2], [2, 7])


def test_pairs_of_one_scoring_agree_fully_and_random_ones_by_chance():
    rng = np.random.default_rng(4)
    scores = rng.normal(size=(300, 8))
    assert (_stability.pairs([scores, scores], 10)[["jaccard", "rbo"]] > 0.999).all(axis=None)
    other = _stability.pairs([rng.normal(size=(300, 8)) for _ in range(5)], 10)
    assert len(other) == 10 * 8
    assert other["jaccard"].mean() < 0.06


def test_others_that_agree_with_each_other_do_not_hide_that_the_given_one_does_not():
    rng = np.random.default_rng(5)
    given, other = rng.normal(size=(2, 300, 4))
    table = _stability.against(given, [other, other], 10)
    assert (table["first"] == 0).all()
    assert sorted(set(table["second"])) == [1, 2]
    assert table["jaccard"].max() < 0.2
    alike = _stability.against(other, [other, given], 10)
    assert (alike.loc[alike["second"] == 1, "jaccard"] == 1).all()


def test_classes_unranked_in_one_scoring_are_left_out():
    scores = np.random.default_rng(5).normal(size=(20, 2))
    bare = scores.copy()
    bare[:, 1] = np.nan
    assert list(_stability.pairs([scores, bare], 3)["code"]) == [0]


def test_bootstrap_of_equal_samples_changes_nothing_and_of_noise_much():
    rng = np.random.default_rng(6)
    codes = np.repeat([0, 1], 10)
    same = np.repeat(rng.normal(size=(2, 100)), 10, axis=0)
    noise = rng.normal(size=(20, 100))
    for values, expected in ((same, 1.0), (noise, None)):
        original = _ranking.by_class(values, codes, 2)
        drawn = _stability.bootstrapped(values, codes, 2, n_boot=5, seed=1)
        found = np.mean(
            [_stability.pairs([original, again], 10)["jaccard"].mean() for again in drawn]
        )
        assert found == pytest.approx(expected) if expected else found < 0.6


def test_genes_without_a_score_are_not_compared():
    first = np.array([[3.0], [2.0], [np.nan], [np.nan], [np.nan]])
    second = np.array([[3.0], [2.0], [np.nan], [np.nan], [np.nan]])[[1, 0, 2, 3, 4]]
    table = _stability.pairs([first, second], 4)
    assert table["jaccard"].item() == 1
    expected = _stability.rank_biased_overlap(np.array([0, 1]), np.array([1, 0]), p=0.9)
    assert table["rbo"].item() == expected
