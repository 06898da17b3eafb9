"""Performance of an independent classifier on the genes of a method."""

from __future__ import annotations

import numpy as np

from tissueshap._core.selection import top

#: Numbers of genes of each class for the probe. Few, because with many any set performs well.
RANKS = (1, 2, 3, 5, 10)


def probe(
    scores: np.ndarray,
    x: np.ndarray,
    codes: np.ndarray,
    x_test: np.ndarray,
    codes_test: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return how nearest centroids on each class's first genes predict the held-out samples.

    Nearest centroids on standardised genes: unlike the compared methods, they use no
    gradient, tree or coefficient, and they have nothing to tune.

    Parameters
    ----------
    scores
        Genes x classes, the highest first.
    x, codes
        Training samples, n x genes, and their classes.
    x_test, codes_test
        Held-out samples and their classes.

    Returns
    -------
    Macro F1, (ranks,), and which samples are predicted correctly, ranks x samples.
    """
    from sklearn.metrics import f1_score

    f1, right = [], []
    for n_ranks in RANKS:
        genes = top(scores, n_ranks).any(axis=1)
        spread = x[:, genes].std(axis=0)
        spread[spread == 0] = 1.0
        predicted = _nearest(x[:, genes] / spread, codes, x_test[:, genes] / spread)
        f1.append(f1_score(codes_test, predicted, average="macro", zero_division=0.0))
        right.append(predicted == codes_test)
    return np.asarray(f1), np.stack(right)


def _nearest(x: np.ndarray, codes: np.ndarray, x_test: np.ndarray) -> np.ndarray:
    """Return the class whose mean is nearest to each test sample.

    scikit-learn's ``NearestCentroid`` does the same, and warns of every gene that does not
    vary within a class.
    """
    known = np.unique(codes)
    means = np.stack([x[codes == code].mean(axis=0) for code in known])
    # The square of a sample's own length is the same for all classes.
    distance = np.square(means).sum(axis=1) - 2 * x_test @ means.T
    return np.asarray(known[distance.argmin(axis=1)])
