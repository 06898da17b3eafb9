"""A smooth line through points."""

from __future__ import annotations

import numpy as np


def loess(x: np.ndarray, y: np.ndarray, at: np.ndarray, *, span: float = 0.75) -> np.ndarray:
    """Return local linear fits with tricube weights (Cleveland, JASA 74:829, 1979).

    Parameters
    ----------
    x, y
        The points.
    at
        Where to fit.
    span
        Share of the points in a fit; at least three of them, and all points of equal x.
        Above 1 all points are used, with the distance of the farthest multiplied by its
        square root, as in R's ``loess``.

    Returns
    -------
    The fits, of the length of `at`; the weighted mean where the points have one x.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    seen = min(len(x), max(3, int(np.ceil(span * len(x)))))
    return np.array([_fit(x, y, float(point), seen, max(1.0, span) ** 0.5) for point in at])


def _fit(x: np.ndarray, y: np.ndarray, point: float, seen: int, farther: float) -> float:
    away = x - point
    distance = np.abs(away)
    # Slightly beyond the last point in the fit, so that this also has weight.
    reach = max(np.sort(distance)[seen - 1] * max(1.001, farther), 1e-9)
    weight = np.clip(1 - (distance / reach) ** 3, 0, 1) ** 3
    mean_x, mean_y = np.average(away, weights=weight), np.average(y, weights=weight)
    spread = np.average((away - mean_x) ** 2, weights=weight)
    if spread < 1e-12 * reach**2:
        return float(mean_y)
    slope = np.average((away - mean_x) * (y - mean_y), weights=weight) / spread
    return float(mean_y - slope * mean_x)
