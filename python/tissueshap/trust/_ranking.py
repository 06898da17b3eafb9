"""Rankings of the genes of each class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

#: Statistics that summarise a class's samples, samples x genes to (genes,).
STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "median": lambda values: np.median(values, axis=0),
    "mean": lambda values: values.mean(axis=0, dtype=np.float64),
    "mean_abs": lambda values: np.abs(values).mean(axis=0, dtype=np.float64),
}


def by_class(
    values: np.ndarray, codes: np.ndarray, n_classes: int, *, statistic: str = "median"
) -> np.ndarray:
    """Return a statistic of each class's samples, genes x classes, NaN if it has no samples.

    Parameters
    ----------
    values
        Samples x genes.
    codes
        Each sample's class, as a number.
    n_classes
        Number of classes.
    statistic
        One of :data:`STATISTICS`.
    """
    scores = np.full((values.shape[1], n_classes), np.nan)
    for code in np.unique(codes):
        scores[:, code] = STATISTICS[statistic](values[codes == code])
    return scores
