"""From sums over pairs of draws to a mean and its standard error.

A pair is two draws from one cell of the grid; (c1, c2) are their contributions of a gene and
(a1, a2) the distances of their background samples from the background's mean in that gene.
Eleven sums over the pairs are sufficient, so passes and rounds can be added up, and memory
does not grow with the number of draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Number of sums of :func:`pair_sums`: of draws 1 and of draws 2, then of the differences.
N_SUMS = 11

#: Smallest number of pairs for which a slope is fitted.
_LEAST_PAIRS = 4


def pair_sums(contributions: Any, away: Any) -> Any:
    """Return the sums over pairs, on whichever backend Keras runs.

    Parameters
    ----------
    contributions, away
        samples x pairs x 2 x genes, 0 in pairs that do not count.

    Returns
    -------
    samples x 11 x genes: c1, c2, a1, a2, a1², a2², a1 c1, a2 c2, (c1-c2)²,
    (c1-c2)(a1-a2), (a1-a2)².
    """
    from keras import ops

    change = contributions[:, :, 0] - contributions[:, :, 1]
    apart = away[:, :, 0] - away[:, :, 1]
    halves = [ops.sum(part, axis=1) for part in (contributions, away, away * away)]
    halves.append(ops.sum(away * contributions, axis=1))
    pairs = [ops.sum(part, axis=1) for part in (change * change, change * apart, apart * apart)]
    return ops.concatenate([*halves, ops.stack(pairs, axis=1)], axis=1)


@dataclass
class Estimate:
    """The current estimate of a sample's values.

    Attributes
    ----------
    sums
        As :func:`pair_sums` returns them, 11 x genes float64.
    n_pairs
        Number of pairs that they include.
    """

    sums: np.ndarray
    n_pairs: int = 0

    def add(self, sums: np.ndarray, n_pairs: int) -> None:
        """Add the sums over more pairs."""
        self.sums += sums
        self.n_pairs += n_pairs

    def plain(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard error over pairs, (genes,) float64."""
        return self._with(np.zeros((2, self.sums.shape[1])))

    def controlled(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and standard error over pairs, regressed on the background.

        The distance of a drawn background sample from the background's mean explains part of
        a contribution (all of it for a linear network), and its own mean is known to be 0.
        The part that it explains is therefore subtracted, gene by gene (a control variate).
        The slope for one draw of each pair is fitted on the other draws. The two are
        independent, so the estimate stays unbiased.

        Parameters
        ----------
        variance
            Variance of each gene in the background, (genes,), 0 where it is constant.
        """
        if self.n_pairs < _LEAST_PAIRS:
            return self.plain()
        mean, error = self._with(np.stack([self._slope(half, variance) for half in (1, 0)]))
        # Two slopes are fitted to the pairs whose scatter is the error; as in any regression
        # the residuals are too small by this factor.
        return mean, error * np.sqrt(self.n_pairs / (self.n_pairs - 2))

    def _with(self, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        corrected = self.sums[0:2] - slopes * self.sums[2:4]
        mean = corrected.sum(axis=0) / (2 * self.n_pairs)
        # One slope for both here: the difference between two would be counted as error.
        slope = slopes.mean(axis=0)
        squared = self.sums[8] - 2 * slope * self.sums[9] + np.square(slope) * self.sums[10]
        return mean, np.sqrt(np.maximum(squared, 0.0)) / (2 * self.n_pairs)

    def _slope(self, half: int, variance: np.ndarray) -> np.ndarray:
        """Return the slope of each gene's regression, 0 for a gene that is constant.

        If the drawn samples vary far less than the background (a gene that few samples
        express), the covariance is divided by a quarter of the background's variance: the
        slope is then too small, but never far too large.
        """
        size = self.n_pairs
        value, away, squares, products = self.sums[half : half + 7 : 2]
        spread = np.maximum(squares - np.square(away) / size, size * variance / 4)
        covariance = products - away * value / size
        slope = np.divide(covariance, spread, out=np.zeros(variance.size), where=variance > 0)
        return np.asarray(slope)
