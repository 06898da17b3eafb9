"""Mixtures of two classes, as a network sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: With more classes than this plus one, each is mixed with so many of those that lie nearest.
_MOST_PARTNERS = 63
#: Mixtures of two samples whose mean stands for a pair of classes.
_N_EACH = 4
#: Samples that are mixed at once.
_BLOCK = 512


def pairs_of_classes(directions: np.ndarray) -> np.ndarray:
    """Return the pairs of classes whose mixtures are compared with samples.

    Parameters
    ----------
    directions
        Means of the classes in the last hidden layer, of length 1, classes x features.

    Returns
    -------
    int32, pairs x 2, ascending: all pairs of up to 64 classes; of more, each class with the 63
    that are most similar to it, as the number of pairs grows with the square of the classes.
    """
    cosines = directions @ directions.T
    np.fill_diagonal(cosines, -np.inf)
    n_classes = len(cosines)
    partners = np.argsort(-cosines, axis=1, kind="stable")[:, : min(n_classes - 1, _MOST_PARTNERS)]
    first = np.repeat(np.arange(n_classes), partners.shape[1])
    both = np.sort(np.stack([first, partners.ravel()], axis=1), axis=1)
    return np.unique(both, axis=0).astype(np.int32).reshape(-1, 2)


def mixed_features(
    features_of: Callable[[np.ndarray], np.ndarray],
    values: Any,
    codes: np.ndarray,
    pairs: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Return the mean position of equal mixtures of two classes in the last hidden layer.

    Cells of two tissues in one sample add up their reads, so samples are mixed on the linear
    scale: a network is not linear, and the mixture is not halfway between the classes.

    Parameters
    ----------
    features_of
        The network, from its input to the features of its last hidden layer.
    values
        Training samples x genes, log2-transformed; anything that can be indexed by rows.
    codes
        Classes of the samples, as numbers.
    pairs
        From :func:`pairs_of_classes`.
    seed
        Seed of the samples that are mixed.

    Returns
    -------
    Mean of four mixtures per pair, float32, pairs x features.
    """
    rng = np.random.default_rng(seed)
    of_class = [np.flatnonzero(codes == code) for code in range(int(codes.max()) + 1)]
    found = []
    step = _BLOCK // _N_EACH
    for start in range(0, len(pairs), step):
        block = pairs[start : start + step]
        first, second = (
            np.concatenate([rng.choice(of_class[code], _N_EACH) for code in side])
            for side in block.T
        )
        mixed = np.logaddexp2(values[first], values[second]) - 1
        features = features_of(np.asarray(mixed, dtype=np.float32))
        found.append(features.reshape(len(block), _N_EACH, -1).mean(axis=1))
    return np.concatenate(found)
