"""Confidence compared with accuracy: the reliability diagram and the expected calibration error."""

from __future__ import annotations

import numpy as np
import pandas as pd

#: Bins of equal width, as in Guo et al. 2017.
N_BINS = 15


def reliability(
    probabilities: np.ndarray, codes: np.ndarray, *, n_bins: int = N_BINS
) -> pd.DataFrame:
    """Return the accuracy of the predictions, by their confidence.

    Parameters
    ----------
    probabilities
        Samples x classes.
    codes
        The true class of each sample, as a column of `probabilities`.
    n_bins
        Bins of equal width between 0 and 1.

    Returns
    -------
    One row per bin that has samples: ``low``, ``high``, ``n``, ``confidence`` (mean
    probability of the predicted class), ``accuracy``.

    Examples
    --------
    >>> ts.calibration.reliability(np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 1]), n_bins=2)
       low  high  n  confidence  accuracy
    0  0.5   1.0  2        0.85       0.5
    """
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == codes
    # A confidence on an edge counts for the bin below it, and 0 for the first.
    bins = np.clip(np.ceil(confidence * n_bins) - 1, 0, n_bins - 1).astype(int)
    table = pd.DataFrame({"bin": bins, "confidence": confidence, "accuracy": correct})
    grouped = table.groupby("bin")
    rows = grouped.mean().astype(np.float64)
    rows.insert(0, "n", grouped.size())
    rows.insert(0, "high", (rows.index + 1) / n_bins)
    rows.insert(0, "low", rows.index / n_bins)
    return rows.reset_index(drop=True)


def expected_calibration_error(
    probabilities: np.ndarray, codes: np.ndarray, *, n_bins: int = N_BINS
) -> float:
    """Return the mean difference between confidence and accuracy over the bins.

    Parameters
    ----------
    probabilities, codes, n_bins
        As for :func:`reliability`.

    References
    ----------
    Guo et al., On calibration of modern neural networks, ICML 2017.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> round(ts.calibration.expected_calibration_error(p, np.array([0, 1]), n_bins=2), 2)
    0.35
    """
    table = reliability(probabilities, codes, n_bins=n_bins)
    gap = (table["confidence"] - table["accuracy"]).abs()
    return float((table["n"] * gap).sum() / table["n"].sum())
