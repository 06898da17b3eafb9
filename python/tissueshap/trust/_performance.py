"""Whether held-out samples are predicted better than by chance, and classes distinguished."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Permutations of the labels: the 95 % quantile of 200 is accurate to one and a half per cent.
N_PERMUTATIONS = 200


def confusion(codes: np.ndarray, predicted: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the number of samples of each class (rows) by the predicted one (columns)."""
    places = np.bincount(codes * n_classes + predicted, minlength=n_classes**2)
    return np.asarray(places.reshape(n_classes, n_classes))


def macro_f1(table: np.ndarray) -> float:
    """Return the mean F1 score of the classes that have samples.

    Parameters
    ----------
    table
        As :func:`confusion` returns it.
    """
    present = table.sum(axis=1) > 0
    f1 = 2 * np.diag(table) / np.maximum(table.sum(axis=0) + table.sum(axis=1), 1)
    return float(f1[present].mean())


def macro_f1_by_chance(
    codes: np.ndarray, predicted: np.ndarray, n_classes: int, *, seed: int
) -> np.ndarray:
    """Return the macro F1 under permutations of the labels (Ojala and Garriga, JMLR 2010).

    Parameters
    ----------
    codes, predicted
        Class and predicted class of each held-out sample.
    n_classes
        Number of classes.
    seed
        Seed of the permutations.
    """
    rng = np.random.default_rng([seed, 6])
    return np.asarray(
        [
            macro_f1(confusion(rng.permutation(codes), predicted, n_classes))
            for _ in range(N_PERMUTATIONS)
        ]
    )


#: Level of each test.
LEVEL = 0.05
#: A class is predicted for its own samples more often than for another's by less than this if the
#: two are confused: half of the way from one class of two names to perfect prediction.
MARGIN = 0.5


class Closest(NamedTuple):
    """For each class the other one that it is distinguished from least.

    Attributes
    ----------
    other
        Its position; -1 for a class of which perfect prediction would not be significant, because
        there are too few samples.
    pvalues
        Of Fisher's exact test; NaN for such a class.
    margins
        How much more often the class is predicted for its own samples than for those of the other.
    """

    other: np.ndarray
    pvalues: np.ndarray
    margins: np.ndarray

    @property
    def confused(self) -> np.ndarray:
        """Whether each class is confused with the other, (classes,)."""
        return _confused(self.pvalues, self.margins)


def closest(table: np.ndarray) -> Closest:
    """Test whether each class is distinguished from each other one, and return the worst.

    Among the samples of two classes, Fisher's exact test (one-sided) compares how often the
    first class is predicted for its own samples and for the other's. The largest p-value over
    the other classes needs no correction: the class is distinguished only if all tests say so.
    A test of few samples often says nothing: of five samples, two mistakes are enough. So a
    class is confused if it is not distinguished and the difference is small, too.

    Parameters
    ----------
    table
        As :func:`confusion` returns it.
    """
    from scipy.stats import hypergeom

    sizes = table.sum(axis=1)
    n_classes = len(sizes)
    right = np.diag(table)[:, None]
    own, other = np.broadcast_arrays(sizes[:, None], sizes[None, :])
    pvalues = hypergeom.sf(right - 1, own + other, right + table.T, own)
    margins = right / np.maximum(own, 1) - table.T / np.maximum(other, 1)
    best = hypergeom.pmf(own, own + other, own, own)
    comparable = (own > 0) & (other > 0) & (best <= LEVEL) & ~np.eye(n_classes, dtype=bool)
    worst = np.where(comparable, pvalues + _confused(pvalues, margins), -1.0).argmax(axis=1)
    tested, rows = comparable.any(axis=1), np.arange(n_classes)
    return Closest(
        np.where(tested, worst, -1),
        np.where(tested, pvalues[rows, worst], np.nan),
        np.where(tested, margins[rows, worst], np.nan),
    )


def _confused(pvalues: np.ndarray, margins: np.ndarray) -> np.ndarray:
    return np.asarray((pvalues > LEVEL) & (margins <= MARGIN))
