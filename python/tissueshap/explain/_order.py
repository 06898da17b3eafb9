"""An order of the background in which samples similar to the network are neighbours."""

from __future__ import annotations

import numpy as np


def likeness_order(probabilities: np.ndarray) -> np.ndarray:
    """Order samples so that similar samples are close together.

    Samples of one predicted class are together. The order of the classes is that of
    hierarchical clustering with optimal leaf order; within a class, samples are sorted by
    their first principal component. All this uses log probabilities, so the cost does not
    grow with the number of genes.

    Parameters
    ----------
    probabilities
        The network's output for the background, samples x classes.

    Returns
    -------
    Positions, int64.
    """
    features = np.log(probabilities + 1e-6)
    predicted = probabilities.argmax(axis=1)
    classes = np.unique(predicted)
    place = np.zeros(probabilities.shape[1], dtype=np.int64)
    place[classes[_leaf_order(features, predicted, classes)]] = np.arange(classes.size)
    within = np.zeros(len(features))
    for code in classes:
        members = predicted == code
        within[members] = _first_component(features[members])
    return np.lexsort((within, place[predicted]))


def _leaf_order(features: np.ndarray, predicted: np.ndarray, classes: np.ndarray) -> np.ndarray:
    from scipy.cluster.hierarchy import leaves_list, linkage

    if classes.size < 3:
        return np.arange(classes.size)
    centres = np.stack([features[predicted == code].mean(axis=0) for code in classes])
    leaves: np.ndarray = leaves_list(linkage(centres, "average", optimal_ordering=True))
    return leaves


def _first_component(features: np.ndarray) -> np.ndarray:
    centred = features - features.mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    return np.asarray(centred @ vectors[:, -1])
