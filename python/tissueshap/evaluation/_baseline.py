"""Logistic regression, the simple method that the network is compared with."""

from __future__ import annotations

import warnings

import numpy as np

from tissueshap._core.logging import logger

#: Steps of the optimiser; a fit that is stopped here is good enough for a comparison.
_MAX_ITER = 300


def logistic(x: np.ndarray, codes: np.ndarray, new: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the classes that a multinomial logistic regression predicts for new samples.

    scikit-learn's, with its default penalty, on genes that are each standardised over the
    training samples.

    Parameters
    ----------
    x, codes
        Training samples, n x genes, and their classes.
    new
        Samples x genes.
    seed
        Seed of the optimiser.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scale = StandardScaler()
    regression = LogisticRegression(max_iter=_MAX_ITER, random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        regression.fit(scale.fit_transform(x), codes)
    for warning in caught:
        if issubclass(warning.category, ConvergenceWarning):
            logger.info("the baseline was stopped after %d steps", _MAX_ITER)
        else:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return np.asarray(regression.predict(scale.transform(new)))
