"""Association of the class with other columns of the samples."""

import numpy as np
import pandas as pd
import pytest

from tissueshap.trust import cramers_v
from tissueshap.trust._confounding import levels, names_the_class


def test_the_same_column_under_another_name_is_one_and_an_independent_one_near_zero():
    rng = np.random.default_rng(1)
    classes = np.repeat(["a", "b", "c"], 30)
    assert cramers_v(classes, np.char.add("batch ", classes)) == pytest.approx(1)
    independent = [cramers_v(classes, rng.integers(0, 4, 90)) for _ in range(50)]
    assert np.mean(independent) < 0.07


def test_it_is_the_published_correction():
    # Bergsma (2013), with phi squared by hand: 20 of 30 and 10 of 30 against each other.
    first = np.repeat([0, 1], 30)
    second = np.concatenate([np.repeat([0, 1], [20, 10]), np.repeat([0, 1], [10, 20])])
    phi2 = (1 / 3) ** 2
    expected = np.sqrt((phi2 - 1 / 59) / (2 - 1 / 59 - 1))
    assert cramers_v(first, second) == pytest.approx(expected)


def test_a_level_per_sample_and_a_single_level_give_nothing():
    classes = np.repeat(["a", "b"], 10)
    assert cramers_v(classes, np.arange(20)) == 0
    assert cramers_v(classes, np.zeros(20)) == 0


def test_numbers_of_many_values_are_quarters():
    column = pd.Series([*np.linspace(0, 1, 39), np.nan])
    assert levels(column).value_counts().tolist() == [10, 10, 10, 9]
    assert levels(column).isna().sum() == 1
    few = pd.Series([1, 2, 2, 3])
    assert levels(few).tolist() == [1, 2, 2, 3]


def test_a_group_of_the_classes_is_another_name_of_theirs_and_a_batch_is_not():
    classes = pd.Series(["Brain - Cortex", "Brain - Amygdala", "Artery - Aorta", "Liver"] * 2)
    organ = pd.Series(["Brain", "Brain", "Blood Vessel", "Liver"] * 2)
    assert names_the_class(classes, organ)
    assert not names_the_class(classes, pd.Series(["run 1", "run 1", "run 2", "run 3"] * 2))
    mixed = pd.Series(["Brain"] * 4 + ["Liver"] * 4)
    assert not names_the_class(classes, mixed)
