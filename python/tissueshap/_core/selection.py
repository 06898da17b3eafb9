"""Selection of the first few values, of which some may be missing.

pandas' ``nsmallest`` and ``nlargest`` also select missing values, and numpy's ``argmax`` and
``argpartition`` treat NaN as the largest. The functions here never select missing values.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def lowest(values: pd.Series, n: int) -> pd.Index:
    """Return the index of the ``n`` lowest values, the lowest first; in ties the first."""
    return values.dropna().sort_values(kind="stable").index[:n]


def highest(values: pd.Series, n: int) -> pd.Index:
    """Return the index of the ``n`` highest values, the highest first; in ties the first."""
    return values.dropna().sort_values(ascending=False, kind="stable").index[:n]


def orders(scores: np.ndarray) -> np.ndarray:
    """Return each column's positions, the highest score first, in ties the first; NaN last."""
    return np.argsort(-scores, axis=0, kind="stable")


def top(scores: np.ndarray, n: int) -> np.ndarray:
    """Return where each column's ``n`` highest scores are, as booleans.

    A column without scores has none.
    """
    chosen = np.zeros(scores.shape, dtype=bool)
    np.put_along_axis(chosen, orders(scores)[:n], True, axis=0)
    return np.asarray(chosen & ~np.isnan(scores))


def descending_ranks(values: np.ndarray) -> np.ndarray:
    """Return each column's ranks, 1 the highest, ties in order, NaN where the value is.

    Parameters
    ----------
    values
        genes x classes.
    """
    order = orders(values)
    ranks = np.empty_like(values)
    places = np.arange(1.0, len(values) + 1)[:, None]
    np.put_along_axis(ranks, order, np.broadcast_to(places, values.shape), axis=0)
    ranks[np.isnan(values)] = np.nan
    return ranks
