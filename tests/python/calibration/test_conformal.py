from __future__ import annotations

import json

import numpy as np
import pytest

from tissueshap.calibration import LEVELS, Thresholds, nonconformity, prediction_sets


def drawn(n, seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(6, 0.4), size=n)
    return probabilities, (rng.random((n, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)


@pytest.mark.parametrize("level", LEVELS)
def test_so_many_sets_hold_the_class(level):
    covered = []
    for seed in range(40):
        probabilities, codes = drawn(300, seed)
        thresholds = Thresholds.of(nonconformity(probabilities), codes)
        new, true = drawn(200, 1000 + seed)
        sets = prediction_sets(nonconformity(new), thresholds, level)
        covered.append(sets[np.arange(200), true].mean())
    assert np.mean(covered) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("level", LEVELS)
def test_by_class_it_holds_for_each(level):
    covered = np.zeros((40, 6))
    for seed in range(40):
        probabilities, codes = drawn(600, seed)
        thresholds = Thresholds.of(nonconformity(probabilities), codes)
        new, true = drawn(600, 1000 + seed)
        sets = prediction_sets(nonconformity(new), thresholds, level, by_class=True)
        covered[seed] = [sets[true == code, code].mean() for code in range(6)]
    assert (covered.mean(axis=0) > level - 0.015).all()


def test_thresholds_come_back_from_json():
    probabilities, codes = drawn(40, 0)
    thresholds = Thresholds.of(nonconformity(probabilities), codes)
    assert np.isinf(thresholds.by_class[0.95]).any()  # classes with few samples
    again = Thresholds.from_dict(json.loads(json.dumps(thresholds.to_dict(), allow_nan=False)))
    assert again.marginal == thresholds.marginal
    for level in LEVELS:
        np.testing.assert_array_equal(again.by_class[level], thresholds.by_class[level])
