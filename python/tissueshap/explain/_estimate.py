"""From the contributions of the draws to a mean and its standard error."""

from __future__ import annotations

import numpy as np


def plain_mean(contributions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over independent draws.

    Parameters
    ----------
    contributions
        draws x genes.

    Returns
    -------
    Mean and standard error of the mean, (genes,) float64.
    """
    n_draws = len(contributions)
    mean = contributions.mean(axis=0, dtype=np.float64)
    spread = contributions.std(axis=0, dtype=np.float64, ddof=1)
    return mean, spread / np.sqrt(n_draws)


def paired_mean(
    contributions: np.ndarray, deviation: np.ndarray, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error over two draws a cell, regressed on the background.

    How far a drawn background sample lies from the background's mean explains part of a
    contribution, all of it for a linear network, and its own mean is known: zero. So the
    part that it explains is subtracted (a control variate), gene by gene. The slope for
    one half of the draws is fitted on the other half: the two are independent, so nothing
    is biased. The two draws of a cell differ by nothing but chance, which gives the error.

    Parameters
    ----------
    contributions
        draws x genes; draw i and draw i + draws / 2 share a cell.
    deviation
        Background sample less the mean of the background, draws x genes.
    variance
        Variance of each gene in the background, (genes,), 0 where it is constant.

    Returns
    -------
    Mean and standard error of the mean, (genes,) float64.
    """
    halves = contributions.reshape(2, -1, contributions.shape[1])
    away = deviation.reshape(halves.shape)
    cells = halves.shape[1]
    slopes = np.stack([_slope(halves[half], away[half], variance) for half in (1, 0)])
    mean = (halves - slopes[:, None, :] * away).mean(axis=(0, 1), dtype=np.float64)
    # One slope for both here: the difference of two would be counted as error.
    difference = halves[0] - halves[1] - slopes.mean(axis=0) * (away[0] - away[1])
    squared = np.einsum("cg,cg->g", difference, difference, dtype=np.float64)
    return mean, np.sqrt(squared) / (2 * cells)


def _slope(values: np.ndarray, on: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the slope of each column's regression, 0 where it cannot be told.

    Where the drawn samples vary far less than the background does (a gene that few samples
    express) a quarter of the background's variance is what the covariance is divided by:
    the slope is then too small, never wild.
    """
    if len(values) < 4:
        return np.zeros(values.shape[1], dtype=np.float32)
    centred = on - on.mean(axis=0)
    spread = np.maximum(np.einsum("cg,cg->g", centred, centred), len(values) * variance / 4)
    covariance = np.einsum("cg,cg->g", centred, values)
    slope = np.divide(covariance, spread, out=np.zeros_like(covariance), where=variance > 0)
    return np.asarray(slope, dtype=np.float32)
