"""A small background: centres of clusters of the training samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Centres:
    """Centres of clusters of the training samples, a small background.

    Attributes
    ----------
    values
        float32, centres x the model's genes.
    weights
        Number of samples of each.

    Examples
    --------
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2, n_centres=5)
    >>> calibrated.background.values.shape == (5, len(model.genes))
    True
    """

    values: np.ndarray
    weights: np.ndarray
