"""Scores against planted markers."""

import numpy as np
import pandas as pd
import pytest

from tissueshap.trust import _truth

GENES, CLASSES = pd.Index(list("abcdef")), ["x", "y"]
TRUTH = pd.DataFrame(
    {
        "gene": ["a", "b", "c", "gone"],
        "class": ["x", "x", "y", "y"],
        "kind": ["exclusive", "subtle", "exclusive", "exclusive"],
    }
)


@pytest.fixture
def planted():
    return _truth.planted(TRUTH, GENES, CLASSES)


def test_a_marker_that_the_filter_dropped_counts_as_missed(planted):
    masks, numbers = planted
    assert numbers == {"exclusive": 3, "subtle": 1}
    assert masks["exclusive"].sum() == 2


def test_scores_by_hand(planted):
    perfect = np.array([[3.0, 0], [2, 0], [0, 3], [1, 1], [0, 2], [0, 0]])
    table = _truth.score({"m": perfect}, *planted, 2).set_index("kind")
    assert table.loc["exclusive", "n_found"] == 2
    assert table.loc["exclusive", "recall"] == pytest.approx(2 / 3)
    assert table.loc["any", "precision"] == pytest.approx(3 / 4)
    # Class x: its exclusive marker is first, and stays so without the subtle one.
    assert table.loc["subtle", "average_precision"] == 1
    assert table.loc["any", "average_precision"] == 1


def test_a_turned_ranking_fails(planted):
    worst = -np.array([[3.0, 0], [2, 0], [0, 3], [1, 1], [0, 2], [0, 0]])
    table = _truth.score({"m": worst}, *planted, 2).set_index("kind")
    assert table.loc["any", "recall"] == 0
    assert table.loc["any", "average_precision"] < 0.4


def test_a_class_without_scores_finds_nothing(planted):
    values = np.array(
        [[np.nan, 0], [np.nan, 0], [np.nan, 3], [np.nan, 1], [np.nan, 2], [np.nan] * 2]
    )
    table = _truth.score({"m": values}, *planted, 2).set_index("kind")
    # Class x would have been right by the order of its genes.
    assert table.loc["subtle", "average_precision"] == 0
    assert table.loc["any", "average_precision"] == 0.5
    assert table.loc["any", "n_found"] == 1


def test_average_precision_is_scikit_learns_without_the_other_kinds():
    from sklearn.metrics import average_precision_score

    rng = np.random.default_rng(6)
    values = rng.normal(size=(80, 3))
    kinds = rng.integers(0, 5, size=values.shape)  # 0 and 1 are planted, in ways that differ
    masks = {"one": kinds == 0, "two": kinds == 1}
    values[kinds == 0] += 1
    table = _truth.score({"m": values}, masks, {"one": 1, "two": 1}, 5).set_index("kind")
    for kind, other in ((0, 1), (1, 0)):
        kept = kinds != other
        expected = [
            average_precision_score(kinds[kept[:, code], code] == kind, values[kept[:, code], code])
            for code in range(3)
        ]
        found = table.loc["one" if kind == 0 else "two", "average_precision"]
        assert found == pytest.approx(np.mean(expected))
