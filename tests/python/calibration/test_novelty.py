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


def test_a_mixture_lies_between_its_two_classes():
    centres = 8 * np.eye(5, 12)
    features, codes = clouds(centres, 50, 0)
    novelty = Novelty.of(features, codes)
    rng = np.random.default_rng(1)
    first, second = rng.integers(len(codes), size=(2, 300))
    pairs = codes[first] != codes[second]
    first, second = first[pairs], second[pairs]
    mixtures = (features[first] + features[second]) / 2
    alone = novelty.distances(mixtures)[0]
    distance, other = novelty.between(mixtures)
    assert (distance <= alone + 1e-6).all()
    assert np.median(distance) < np.median(alone) / 3
    _, nearest = novelty.distances(mixtures)
    named = [{a, b} for a, b in zip(nearest, other, strict=True)]
    expected = [{a, b} for a, b in zip(codes[first], codes[second], strict=True)]
    assert np.mean([a == b for a, b in zip(named, expected, strict=True)]) > 0.9
    # A class that is not known does not lie between two others.
    new, _ = clouds(8 * np.eye(6, 12)[5:], 50, 2)
    assert novelty.between(new)[0].min() > np.quantile(distance, 0.95)


def test_the_nearest_mixture_is_what_a_search_finds():
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(4, 6))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    novelty = Novelty(np.zeros(6, np.float32), directions.astype(np.float32))
    features = rng.normal(size=(30, 6))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    found, other = novelty.between(features)
    _, nearest = novelty.distances(features)
    weights = np.linspace(0, 1, 2001)[:, None]
    for row in range(30):
        best = 2.0
        for code in set(range(4)) - {int(nearest[row])}:
            path = (1 - weights) * directions[nearest[row]] + weights * directions[code]
            path /= np.linalg.norm(path, axis=1, keepdims=True)
            best = min(best, float(1 - (path @ features[row]).max()))
        assert abs(found[row] - best) < 1e-4
        assert other[row] != nearest[row]
