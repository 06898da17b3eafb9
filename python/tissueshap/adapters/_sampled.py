"""Functions without a gradient: sampled Shapley values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tissueshap._core.logging import logger
from tissueshap.explain import MOST_PLAYERS, SampledExplainer

#: Evaluations of a function per sample that draws are made of, and how many draws at least and
#: at most. A draw evaluates it twice per player, so few genes are drawn more often: ten draws
#: are enough for the sums of a sample, and too few for the order of its genes.
_EVALUATIONS, _LEAST_DRAWS, _MOST_DRAWS = 5_000, 10, 50


def by_permutations(function: Callable[[np.ndarray], np.ndarray]) -> Callable[..., Any]:
    """Return what explains a function's probabilities by sampled Shapley values."""

    def explainer(
        background: Any,
        *,
        n_draws: int | None = None,
        tolerance: float | None = None,
        output: str | None = None,
        method: str | None = None,
        seed: int = 42,
    ) -> SampledExplainer:
        most = n_draws_of(background.shape[1])
        draws = min(n_draws or most, most)
        made = SampledExplainer(function, background, n_draws=draws, seed=seed)
        logger.info(
            "sampled Shapley values: %s evaluations of the model per sample",
            f"{made.n_evaluations:,}",
        )
        return made

    return explainer


def n_draws_of(n_genes: int) -> int:
    """Return how many draws are made for each sample, at most."""
    within = _EVALUATIONS // (2 * min(n_genes, MOST_PLAYERS) + 1)
    return min(max(within, _LEAST_DRAWS), _MOST_DRAWS)
