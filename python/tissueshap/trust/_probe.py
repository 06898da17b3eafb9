"""How well a classifier that no method was made for does on a method's genes."""

from __future__ import annotations

import numpy as np

from tissueshap._core.selection import top

#: Genes of each class that the probe is given. Few: with many, any set will do.
RANKS = (1, 2, 3, 5, 10)


def probe(
    scores: np.ndarray,
    x: np.ndarray,
    codes: np.ndarray,
    x_test: np.ndarray,
    codes_test: np.ndarray,
) -> np.ndarray:
    """Return the macro F1 of nearest centroids on each class's first genes, (ranks,).

    Nearest centroids on standardised genes: it has no gradient, tree or coefficient in
    common with the methods that are compared, and nothing to tune.

    Parameters
    ----------
    scores
        Genes x classes, the highest first.
    x, codes
        Training samples, n x genes, and their classes.
    x_test, codes_test
        Held-out samples and their classes.
    """
    from sklearn.metrics import f1_score

    found = []
    for n_ranks in RANKS:
        genes = top(scores, n_ranks).any(axis=1)
        spread = x[:, genes].std(axis=0)
        spread[spread == 0] = 1.0
        predicted = _nearest(x[:, genes] / spread, codes, x_test[:, genes] / spread)
        found.append(f1_score(codes_test, predicted, average="macro", zero_division=0.0))
    return np.asarray(found)


def _nearest(x: np.ndarray, codes: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """Return the class whose mean is nearest to each test sample.

    scikit-learn's ``NearestCentroid`` does the same, and warns of every gene that does not
    vary within a class.
    """
    known = np.unique(codes)
    means = np.stack([x[codes == code].mean(axis=0) for code in known])
    # The square of a sample's own length is the same for all classes.
    away = np.square(means).sum(axis=1) - 2 * x_test @ means.T
    return np.asarray(known[away.argmin(axis=1)])
