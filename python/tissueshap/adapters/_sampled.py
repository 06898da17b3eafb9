"""Functions without a gradient: sampled Shapley values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tissueshap._core.logging import logger
from tissueshap.explain import SampledExplainer

#: Draws per sample by default, and at most: each costs an evaluation per gene, twice.
_MOST_DRAWS = 10


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
        draws = min(n_draws or _MOST_DRAWS, _MOST_DRAWS)
        made = SampledExplainer(function, background, n_draws=draws, seed=seed)
        logger.info(
            "sampled Shapley values: %s evaluations of the model per sample",
            f"{made.n_evaluations:,}",
        )
        return made

    return explainer
