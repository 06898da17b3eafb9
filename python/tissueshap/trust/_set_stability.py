"""Stability of selected genes over several trainings or draws, corrected for chance."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from tissueshap._core.errors import DataError

#: Sets below which the variance of the index is not estimated.
_LEAST_SETS = 3


@dataclass(frozen=True)
class SetStability:
    """Nogueira's index of several sets, with what its interval and tests need.

    Attributes
    ----------
    index
        1 if all sets are the same, 0 on average for random sets of these sizes.
    variance
        Of the index; NaN for fewer than three sets.
    low, high
        Its interval.

    Examples
    --------
    >>> sets = np.array([[True, True, False, False], [True, False, True, False]])
    >>> ts.trust.nogueira(sets).index
    0.0
    """

    index: float
    variance: float
    low: float
    high: float

    def pvalue(self, value: float = 0.0) -> float:
        """Return the two-sided p-value of the hypothesis that the index is a value."""
        return _two_sided(self.index - value, self.variance)

    def pvalue_of_difference(self, other: SetStability) -> float:
        """Return the two-sided p-value of the hypothesis that two indices are the same."""
        return _two_sided(self.index - other.index, self.variance + other.variance)


def nogueira(sets: np.ndarray, *, level: float = 0.95) -> SetStability:
    """Return Nogueira's index of stability with its interval.

    Nogueira, Sechidis and Brown, Journal of Machine Learning Research 18:174 (2018): one less
    the mean variance of the genes' membership over that of random sets of the mean size. The
    sets may differ in size; the interval is asymptotic in their number.

    Parameters
    ----------
    sets
        Booleans, sets x genes.
    level
        Coverage of the interval.

    Examples
    --------
    >>> sets = np.zeros((3, 10), dtype=bool)
    >>> for row, chosen in enumerate(([0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 4, 5, 6])):
    ...     sets[row, chosen] = True
    >>> round(ts.trust.nogueira(sets).index, 4)
    0.457
    """
    from scipy.stats import norm

    sets = _checked(sets).astype(np.float64)
    n_sets, n_genes = sets.shape
    frequency, sizes = sets.mean(axis=0), sets.sum(axis=1) / n_genes
    size = float(sizes.mean())
    by_chance = size * (1 - size)
    if by_chance == 0:
        return SetStability(*[np.nan] * 4)
    spread = n_sets / (n_sets - 1) * (frequency * (1 - frequency)).mean()
    index = float(1 - spread / by_chance)
    if n_sets < _LEAST_SETS:
        return SetStability(index, np.nan, np.nan, np.nan)
    shares = (sets * frequency).mean(axis=1) - sizes * size
    shares += index / 2 * (2 * size * sizes - sizes - size + 1)
    shares /= by_chance
    variance = float(4 / n_sets**2 * np.square(shares - shares.mean()).sum())
    reach = float(norm.ppf((1 + level) / 2)) * np.sqrt(variance)
    return SetStability(index, variance, index - reach, index + reach)


def kuncheva(sets: np.ndarray) -> float:
    """Return Kuncheva's index: the mean over pairs of sets of one size, corrected for chance.

    Kuncheva, Proceedings of IASTED AIA 2007, 390. Of sets of one size it is Nogueira's index.

    Parameters
    ----------
    sets
        Booleans, sets x genes, each with the same number of genes.

    Examples
    --------
    >>> sets = np.array([[True, True, False, False], [True, False, True, False]])
    >>> ts.trust.kuncheva(sets)
    0.0
    """
    sets = _checked(sets)
    sizes, n_genes = sets.sum(axis=1), sets.shape[1]
    if np.ptp(sizes):
        raise DataError(
            f"Kuncheva's index needs sets of one size, not of {sizes.min()} to {sizes.max()} "
            "genes: use ts.trust.nogueira"
        )
    size = int(sizes[0])
    if size in (0, n_genes):
        return float("nan")
    expected = size**2 / n_genes
    shared = [int((one & two).sum()) for one, two in itertools.combinations(sets, 2)]
    return float((np.mean(shared) - expected) / (size - expected))


def _checked(sets: np.ndarray) -> np.ndarray:
    sets = np.asarray(sets, dtype=bool)
    if sets.ndim != 2 or len(sets) < 2:
        raise DataError(f"sets must be booleans, at least 2 sets x genes, not {sets.shape}")
    return sets


def _two_sided(difference: float, variance: float) -> float:
    from scipy.stats import norm

    if not variance > 0:
        return float("nan") if np.isnan(variance) else float(difference == 0)
    return float(2 * norm.sf(abs(difference) / np.sqrt(variance)))
