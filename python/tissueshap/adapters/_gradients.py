"""Functions with a gradient: expected gradients of probabilities or logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.explain import N_DRAWS, Explainer, GradientFunction


@dataclass(frozen=True)
class Gradients:
    """Explains a function by expected gradients.

    Attributes
    ----------
    functions
        By output (``"probability"``, ``"logit"``): the function, and its gradient at points
        for the class of each.
    n_genes
        Number of genes.
    """

    functions: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray]]]
    n_genes: int

    def __call__(
        self,
        background: Any,
        *,
        n_draws: int | None = None,
        tolerance: float | None = None,
        output: str | None = None,
        method: str | None = None,
        seed: int = 42,
    ) -> Explainer:
        """Return what explains samples against a background."""
        chosen = output or next(iter(self.functions))
        if chosen not in self.functions:
            raise DataError(f"the model has no output {chosen!r}, only {list(self.functions)}")
        function, gradient = self.functions[chosen]
        return Explainer(
            GradientFunction(function, gradient, self.n_genes),
            background,
            output=chosen,
            method=method or "stratified",
            n_draws=n_draws or N_DRAWS,
            tolerance=tolerance,
            seed=seed,
        )
