"""The fall of a class's log-odds when some of its genes are set to their mean."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.selection import top
from tissueshap.trust._checks._context import Context

#: Probabilities closer to 0 or 1 than this have no log-odds in single precision.
_LEAST = 1e-6


def few_samples(context: Context) -> np.ndarray:
    """Return the samples ``context.few``, samples x genes."""
    return np.asarray(context.x[context.explained[context.few]], dtype=np.float32)


def training_mean(context: Context) -> np.ndarray:
    """Return the mean of each gene over the training samples, (genes,)."""
    mean: np.ndarray = np.asarray(context.x[context.train]).mean(axis=0, dtype=np.float64)
    return mean


def drop(context: Context, scores: np.ndarray) -> float:
    """Return the fall of the log-odds without the first genes, the mean over the classes.

    Parameters
    ----------
    context
        The model and its data.
    scores
        Genes x classes; as many as are selected of each class are set to their mean over the
        training samples.
    """
    x, targets = few_samples(context), context.targets[context.few]
    gone = top(scores, context.n_ranks)[:, targets].T
    changed = np.where(gone, training_mean(context).astype(np.float32), x)
    fall = _log_odds(context, x) - _log_odds(context, changed)
    return float(pd.Series(fall).groupby(targets).mean().mean())


def _log_odds(context: Context, x: np.ndarray) -> np.ndarray:
    rows = np.arange(len(x)), context.targets[context.few]
    probability = np.asarray(context.predict()(x), dtype=np.float64)[rows]
    probability = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(probability / (1 - probability)))
