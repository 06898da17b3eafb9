"""Whether a gene is evidence for a class by its presence or by its absence."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap._core.dense import blocks


def directions(
    values: Any, expression: Any, members: list[np.ndarray], others: list[np.ndarray]
) -> np.ndarray:
    """Return 1 where higher expression is evidence for a class, -1 where lower is.

    This is the sign of the gene's SHAP statistic times the sign of the difference between its
    mean expression in the class's explained samples and in the samples of other classes.

    Parameters
    ----------
    values
        The statistic, genes x classes; NaN where it was not computed.
    expression
        The classifier's input, samples x genes.
    members
        Positions of each class's explained samples.
    others
        Positions of the samples that are not of the class.

    Returns
    -------
    genes x classes: 1, -1, or 0 where the statistic or the difference is 0; NaN without a
    statistic or without samples to compare.
    """
    own, rest = _means(expression, members), _means(expression, others)
    return np.asarray(np.sign(values) * np.sign(own - rest))


def _means(expression: Any, groups: list[np.ndarray]) -> np.ndarray:
    """Return the means of groups of samples, genes x groups, NaN for an empty group."""
    n_samples, n_genes = expression.shape
    weights = np.zeros((len(groups), n_samples))
    for number, members in enumerate(groups):
        if members.size:
            weights[number, members] = 1 / members.size
        else:
            weights[number] = np.nan
    means = np.zeros((len(groups), n_genes))
    for rows, block in blocks(expression):
        means += weights[:, rows] @ np.asarray(block, dtype=np.float64)
    return means.T
