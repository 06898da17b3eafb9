"""Owen values of modules: what a probability gains when their genes come together."""

from __future__ import annotations

import numpy as np

from tissueshap._core.logging import logger
from tissueshap.adapters import Model
from tissueshap.explain import SampledExplainer, explanation
from tissueshap.trust._modules import Modules

#: Background samples that are drawn from.
_N_BACKGROUND = 100


def owen_values(
    model: Model,
    x: np.ndarray,
    targets: np.ndarray,
    background: np.ndarray,
    modules: Modules,
    shown: np.ndarray,
    *,
    seed: int,
) -> np.ndarray:
    """Return the Owen values of modules that each gene belongs to one of, samples x modules.

    Parameters
    ----------
    model
        The model.
    x, targets
        Samples, n x genes, and the class that is explained for each, as the model's number.
    background
        Samples that they are compared with, m x genes; at most a hundred are drawn.
    modules
        All modules.
    shown
        Positions of those that are players; all other genes are one more.
    seed
        Seed of what is drawn.
    """
    player = np.full(len(modules.names), shown.size)
    player[shown] = np.arange(shown.size)
    rng = np.random.default_rng([seed, 9])
    explainer = SampledExplainer(
        lambda points: np.asarray(model.probabilities(points.astype(np.float32))),
        background[rng.permutation(len(background))[:_N_BACKGROUND]],
        groups=player[modules.members.indices],
        seed=seed,
    )
    n_evaluations = explainer.n_evaluations
    logger.info(
        "Owen values: %d samples x %s evaluations = %s predictions",
        *(len(x), f"{n_evaluations:,}", f"{len(x) * n_evaluations:,}"),
    )
    values = explanation(explainer, np.asarray(x, dtype=np.float32), targets).values
    return np.asarray(modules.sums(values))
