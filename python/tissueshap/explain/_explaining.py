"""What every way of explaining has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from tissueshap.explain._engine import Explained


class Explaining(Protocol):
    """A model and a background, ready to explain samples.

    Attributes
    ----------
    base
        Mean output of each class over its background, (classes,) float64.
    n_draws
        Number of draws per sample; 0 if the values are exact.
    output
        What is explained: ``"probability"`` or ``"logit"``.
    """

    base: np.ndarray
    n_draws: int
    output: str

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs of some samples, samples x classes, float64."""

    def stream(
        self, x: Any, targets: np.ndarray, numbers: np.ndarray | None = None
    ) -> Iterator[Explained]:
        """Explain samples, each for its own class."""
