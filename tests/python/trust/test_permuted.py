"""P-values by permuted labels: their definition, and their error rate."""

import numpy as np

from tissueshap.trust import permutation_pvalues


def test_pvalues_count_the_given_labels_too():
    observed = np.array([[3.0], [1.0], [np.nan]])
    null = np.array([[[1.0], [2.0], [9.0]], [[0.5], [0.5], [0.0]], [[4.0], [0.0], [0.0]]])
    found = permutation_pvalues(observed, null)
    np.testing.assert_array_equal(found.pvalues[:2, 0], [2 / 4, 2 / 4])
    # The largest of all genes: 9, 0.5 and 4.
    np.testing.assert_array_equal(found.maxt[:2, 0], [3 / 4, 3 / 4])
    assert np.isnan(found.pvalues[2, 0])
    np.testing.assert_array_equal(found.fdr[:2, 0], [0.5, 0.5])


def test_a_class_without_scores_in_a_permutation_exceeds_nothing():
    null = np.full((19, 2, 1), np.nan)
    found = permutation_pvalues(np.array([[1.0], [0.5]]), null)
    np.testing.assert_allclose(found.maxt, 1 / 20)


def test_the_family_wise_error_rate_is_kept_by_19_permutations():
    rng = np.random.default_rng(0)
    errors = []
    for _ in range(2000):
        scores = rng.normal(size=(20, 30, 1)) ** 3
        found = permutation_pvalues(scores[0], scores[1:])
        errors.append(bool((found.maxt <= 0.05).any()))
    assert 0.035 <= np.mean(errors) <= 0.065
