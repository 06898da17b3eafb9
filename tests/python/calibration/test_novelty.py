from __future__ import annotations

import numpy as np

from tissueshap.calibration import Novelty, novelty_pvalues
from tissueshap.calibration._mixtures import mixed_features, pairs_of_classes


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


def profiles(n_classes, n, seed):
    """Return log2 expression of samples of classes with 20 marker genes each."""
    rng = np.random.default_rng(seed)
    means = np.full((n_classes, 20 * n_classes), 20.0)
    for code in range(n_classes):
        means[code, 20 * code : 20 * code + 20] = 2000.0
    codes = np.repeat(np.arange(n_classes), n)
    noise = np.exp2(rng.normal(0, 0.5, (codes.size, means.shape[1])))
    return np.log2(1 + rng.poisson(means[codes] * noise)).astype(np.float32), codes


def layer(x):
    """Return a layer that is not linear, as a network's."""
    weights = np.random.default_rng(9).normal(size=(x.shape[1], 40)).astype(np.float32)
    return np.maximum(x @ weights - 40, 0)


def test_a_mixture_resembles_a_mixture():
    values, codes = profiles(5, 40, 0)
    novelty = Novelty.of(layer(values), codes).mixing(layer, values, codes)
    own, truth = profiles(5, 40, 1)
    rng = np.random.default_rng(2)
    first, second = rng.integers(len(truth), size=(2, 300))
    pairs = truth[first] != truth[second]
    first, second = first[pairs], second[pairs]
    mixtures = np.log2((np.exp2(own[first]) + np.exp2(own[second])) / 2)
    _, usual = novelty.place(layer(own))
    _, gain = novelty.place(layer(mixtures))
    assert (gain > np.quantile(usual, 0.95)).mean() > 0.95
    _, nearest = novelty.distances(layer(mixtures))
    _, other = novelty.between(layer(mixtures))
    named = np.sort(np.stack([nearest, other], axis=1), axis=1)
    expected = np.sort(np.stack([truth[first], truth[second]], axis=1), axis=1)
    assert (named == expected).all(axis=1).mean() > 0.9


def test_mixtures_are_those_of_a_linear_scale():
    values, codes = profiles(3, 1, 0)
    pairs = np.array([[0, 2], [1, 2]], dtype=np.int32)
    mixed = mixed_features(lambda x: x, values, codes, pairs, seed=0)
    for row, pair in zip(mixed, pairs, strict=True):
        np.testing.assert_allclose(row, np.log2(np.exp2(values[pair]).mean(axis=0)), rtol=1e-5)


def test_every_pair_of_a_few_classes_and_the_nearest_of_many_are_mixed():
    assert len(pairs_of_classes(np.eye(64))) == 64 * 63 / 2
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(90, 5))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    pairs = pairs_of_classes(directions)
    assert 90 * 63 / 2 <= len(pairs) < 90 * 89 / 2
    assert (pairs[:, 0] < pairs[:, 1]).all()
    cosines = directions @ directions.T
    nearest = np.argsort(-cosines[7])[1:64]
    assert {tuple(sorted((7, int(code)))) for code in nearest} <= set(map(tuple, pairs.tolist()))


def test_without_mixtures_there_is_no_gain():
    values, codes = profiles(3, 10, 0)
    distance, other = Novelty.of(values, codes).between(values)
    assert np.isinf(distance).all()
    assert (other != codes).all()
