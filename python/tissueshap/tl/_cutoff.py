"""How many ranks of each class to take, from the values that rank the genes."""

from __future__ import annotations

import numpy as np


def elbow(values: np.ndarray) -> int:
    """Return how many ranks come before the values' elbow.

    The values of each class, sorted and divided by its highest, are averaged over the
    classes. The curve is cut where two groups with means of their own and one variance
    are most likely (profile likelihood: Zhu and Ghodsi, Computational Statistics & Data
    Analysis 51:918, 2006). Unlike the point farthest from the curve's chord it does not
    depend on how many genes without value follow.

    Parameters
    ----------
    values
        Genes x classes, the highest the best; NaN for genes that are not ranked.
    """
    curve = np.nan_to_num(_falling(values), nan=0.0)
    highest = np.where(curve[0] > 0, curve[0], 1.0)
    mean = np.maximum(curve / highest, 0.0).mean(axis=1)
    number = np.arange(1, len(mean))
    first, total = mean.cumsum()[:-1], mean.sum()
    # One variance: the likelihood is highest where the groups' means are farthest apart.
    between = np.square(first) / number + np.square(total - first) / (len(mean) - number)
    return int(number[between.argmax()])


def mirrored_fdr(values: np.ndarray) -> np.ndarray:
    """Return the estimated false discovery rate of the top n ranks of all classes, for each n.

    The null is a gene whose values have no direction: were their signs flipped, it would
    rank as high. So each gene that ranks among the top n of a class with its sign flipped
    stands for a false one (Barber and Candès, Annals of Statistics 43:2055, 2015, with
    their correction of 1). The rates are made monotone, as q-values are.

    Parameters
    ----------
    values
        Genes x classes, signed; NaN for genes that are not ranked.

    Returns
    -------
    (ranks,), for the top 1, 2, ... ranks.
    """
    sorted_values = _falling(values)
    n_ranks, n_classes = sorted_values.shape
    false = np.zeros(n_ranks)
    for code in range(n_classes):
        column = sorted_values[:, code]
        flipped = np.sort(-column[~np.isnan(column)])
        # A value at or below 0 is no discovery: as many genes as rank there are false.
        threshold = np.nan_to_num(column, nan=-np.inf)
        false += flipped.size - np.searchsorted(flipped, threshold, side="left")
    called = np.arange(1, n_ranks + 1) * n_classes
    rate = np.minimum((1 + false) / called, 1.0)
    return np.minimum.accumulate(rate[::-1])[::-1]


def _falling(values: np.ndarray) -> np.ndarray:
    """Return each column sorted, the highest first, NaN last."""
    return -np.sort(-values, axis=0)
