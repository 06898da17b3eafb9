"""Selections of the first few, where some values may be missing.

pandas' ``nsmallest`` and ``nlargest`` fill up from missing values, and numpy's ``argmax`` and
``argpartition`` take NaN for the largest: what is missing is selected by neither function here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def lowest(values: pd.Series, n: int) -> pd.Index:
    """Return the index of the ``n`` lowest values, the lowest first; of equals the first."""
    return values.dropna().sort_values(kind="stable").index[:n]


def highest(values: pd.Series, n: int) -> pd.Index:
    """Return the index of the ``n`` highest values, the highest first; of equals the first."""
    return values.dropna().sort_values(ascending=False, kind="stable").index[:n]


def orders(scores: np.ndarray) -> np.ndarray:
    """Return each column's positions, the highest score first, of equals the first; NaN last."""
    return np.argsort(-scores, axis=0, kind="stable")


def top(scores: np.ndarray, n: int) -> np.ndarray:
    """Return where each column's ``n`` highest scores are, as booleans.

    A column without scores has none.
    """
    chosen = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(chosen, orders(scores)[:n], True, axis=0)
    return np.asarray(chosen & ~np.isnan(scores))
