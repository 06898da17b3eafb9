from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tissueshap.model._rows import hold_out, plain_table, without

CODES = np.repeat([0, 1, 2], [100, 40, 6])


def _held(share=0.1, minimum=0, seed=0):
    samples = np.arange(CODES.size)
    rng = np.random.default_rng(seed)
    return hold_out(samples, CODES, share=share, minimum=minimum, rng=rng)


def test_the_same_share_of_each_class_is_held_out():
    held = _held()
    np.testing.assert_array_equal(np.bincount(CODES[held]), [10, 4, 1])
    assert np.unique(held).size == held.size
    np.testing.assert_array_equal(held, _held())
    assert not np.array_equal(held, _held(seed=1))


def test_a_small_class_keeps_four_samples():
    np.testing.assert_array_equal(np.bincount(CODES[_held(share=0.9)]), [90, 36, 2])


@pytest.mark.parametrize(("share", "minimum"), [(0.0, 0), (0.1, 16)])
def test_none_are_held_out_where_they_would_say_nothing(share, minimum):
    assert _held(share=share, minimum=minimum).size == 0


def _smote_table(rng):
    """Each class filled up to 100 rows with mixtures of its samples."""
    synthetic = []
    for code, size in enumerate(np.bincount(CODES)):
        members = np.flatnonzero(CODES == code)
        pairs = rng.choice(members, size=(100 - size, 2))
        synthetic.append(
            pd.DataFrame({"sample": pairs[:, 0], "neighbour": pairs[:, 1], "mix": 0.5})
        )
    return pd.concat([plain_table(np.arange(CODES.size)), *synthetic]).fillna({"weight": 1.0})


def test_no_row_touches_a_held_out_sample():
    table = _smote_table(np.random.default_rng(0))
    held = _held()
    left = without(table, held, CODES)
    assert not np.isin(left["sample"], held).any()
    assert not np.isin(left["neighbour"], held).any()
    touches = np.isin(table["sample"], held) | np.isin(table["neighbour"], held)
    assert len(left) == (~touches).sum()


def test_a_neighbour_that_is_not_mixed_in_is_no_leak():
    table = pd.DataFrame({"sample": [0, 1], "neighbour": [5, 5], "mix": [0.0, 0.5], "weight": 1.0})
    left = without(table, np.array([5]), CODES)
    assert left["sample"].tolist() == [0]


def test_classes_weigh_as_they_did():
    table = _smote_table(np.random.default_rng(0))
    left = without(table, _held(), CODES)
    codes = CODES[left["sample"]]
    rows = np.bincount(codes)
    assert rows.min() < 0.97 * rows.max()
    weight = np.bincount(codes, weights=left["weight"])
    np.testing.assert_allclose(weight / weight.sum(), 1 / 3)
    np.testing.assert_allclose(left["weight"].mean(), 1)


def test_given_weights_are_kept_in_proportion():
    table = plain_table(np.arange(CODES.size)).assign(weight=np.array([1.0, 2.0, 3.0])[CODES])
    left = without(table, np.empty(0, dtype=np.int64), CODES)
    assert len(left) == CODES.size
    np.testing.assert_allclose(left["weight"] / left["weight"][0], table["weight"])
