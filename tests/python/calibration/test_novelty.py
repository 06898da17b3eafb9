from __future__ import annotations

import numpy as np

from tissueshap.calibration import Novelty, novelty_pvalues


def clouds(centres, n, seed):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(len(centres)), n)
    return centres[codes] + rng.normal(size=(codes.size, centres.shape[1])), codes


def test_another_class_lies_further_away():
    centres = 8 * np.eye(4, 12)
    novelty = Novelty.of(*clouds(centres[:3], 50, 0))
    own, codes = clouds(centres[:3], 50, 1)
    distance, nearest = novelty.distances(own)
    new, _ = clouds(centres[3:], 50, 2)
    assert (nearest == codes).all()
    assert novelty.distances(new)[0].min() > distance.max()


def test_p_values_are_uniform_for_samples_like_the_reference():
    rng = np.random.default_rng(0)
    pvalues = novelty_pvalues(rng.random(5000), rng.random(999))
    assert abs((pvalues <= 0.05).mean() - 0.05) < 0.015
    assert pvalues.min() >= 1 / 1000
    assert pvalues.max() <= 1


def test_the_more_novel_the_smaller_the_p_value():
    reference = np.array([0.3, 0.1, 0.2])
    np.testing.assert_allclose(
        novelty_pvalues(np.array([0.0, 0.2, 0.9]), reference), [1.0, 0.75, 0.25]
    )
