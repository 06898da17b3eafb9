"""Scores of genes from the coefficients of a logistic regression."""

from __future__ import annotations

import warnings

import numpy as np


def coefficients(x: np.ndarray, codes: np.ndarray, *, max_iter: int = 300) -> np.ndarray:
    """Return the coefficients of a multinomial logistic regression, genes x classes.

    The baseline of ``tl.evaluate``: each gene standardised, scikit-learn's default
    penalty. A fit that is stopped at `max_iter` is accurate enough to rank the genes.

    Parameters
    ----------
    x
        Training samples, n x genes.
    codes
        Their classes, 0 to classes - 1, all present.
    max_iter
        Steps of the optimiser.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(max_iter=max_iter)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        regression.fit(StandardScaler().fit_transform(x), codes)
    weights = np.asarray(regression.coef_)
    # Two classes share one row of coefficients: the second's.
    return np.vstack([-weights, weights]).T if len(weights) == 1 else weights.T
