"""Permuted labels, and the class that another is distinguished from least."""

import numpy as np
import pytest
from scipy.stats import fisher_exact
from sklearn.metrics import f1_score

from tissueshap.trust._performance import closest, confusion, macro_f1, macro_f1_by_chance


@pytest.fixture
def predictions():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(4), 9)
    return codes, np.where(rng.random(36) < 0.7, codes, rng.integers(0, 4, 36))


def test_macro_f1_is_scikit_learn_s(predictions):
    codes, predicted = predictions
    expected = f1_score(codes, predicted, average="macro", zero_division=0.0)
    assert macro_f1(confusion(codes, predicted, 4)) == pytest.approx(expected)


def test_a_class_without_samples_has_no_part_in_the_mean(predictions):
    codes, predicted = predictions
    assert macro_f1(confusion(codes, predicted, 6)) == macro_f1(confusion(codes, predicted, 4))


def test_predictions_exceed_permuted_labels_and_random_ones_do_not(predictions):
    codes, predicted = predictions
    chance = macro_f1_by_chance(codes, predicted, 4, seed=1)
    assert macro_f1(confusion(codes, predicted, 4)) > chance.max()
    rng = np.random.default_rng(2)
    above = 0
    for _ in range(100):
        guess = rng.integers(0, 4, 36)
        chance = macro_f1_by_chance(codes, guess, 4, seed=1)
        above += macro_f1(confusion(codes, guess, 4)) > np.quantile(chance, 0.95)
    assert above <= 12


def test_the_closest_class_has_the_largest_of_fisher_s_p_values(predictions):
    table = confusion(*predictions, 4)
    others, pvalues, margins = closest(table)
    for code in range(4):
        expected = {}
        for other in set(range(4)) - {code}:
            own, wrong = table[code, code], table[other, code]
            square = [[own, wrong], [table[code].sum() - own, table[other].sum() - wrong]]
            expected[other] = fisher_exact(square, alternative="greater")[1]
        assert pvalues[code] == pytest.approx(max(expected.values()))
        assert expected[others[code]] == pytest.approx(max(expected.values()))
        own, wrong = table[code, code], table[others[code], code]
        sizes = table.sum(axis=1)
        assert margins[code] == pytest.approx(own / sizes[code] - wrong / sizes[others[code]])


def test_one_class_under_two_names_is_not_distinguished():
    table = np.array([[5, 5, 0], [5, 5, 0], [0, 0, 10]])
    found = closest(table)
    assert (found.pvalues[:2] > 0.5).all()
    assert found.other[:2].tolist() == [1, 0]
    assert found.pvalues[2] < 0.001
    assert found.confused.tolist() == [True, True, False]


def test_two_mistakes_of_five_are_no_evidence_of_confusion():
    # The first class is taken for the second twice, the second for the first never.
    table = np.array([[3, 2, 0], [0, 5, 0], [0, 0, 5]])
    found = closest(table)
    assert found.pvalues[0] > 0.05
    assert found.margins[0] == pytest.approx(0.6)
    assert not found.confused.any()
    mixed = closest(np.array([[3, 2, 0], [2, 3, 0], [0, 0, 5]]))
    assert mixed.confused.tolist() == [True, True, False]


def test_two_samples_of_each_class_distinguish_nothing():
    found = closest(np.eye(3, dtype=int) * 2)
    assert np.isnan(found.pvalues).all()
    assert (found.other == -1).all()
    assert not found.confused.any()
