"""What every way of explaining has, and the explanation of an array of samples by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from tissueshap._core.progress import progress
from tissueshap.explain._engine import Explained
from tissueshap.explain._explanation import Explanation


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


def explanation(explainer: Explaining, x: np.ndarray, targets: np.ndarray) -> Explanation:
    """Explain samples, each for its own class.

    Parameters
    ----------
    explainer
        The model and its background.
    x
        Samples, n x genes.
    targets
        The class that is explained for each sample, as a number, (n,).
    """
    values = np.empty(x.shape, dtype=np.float32)
    errors = np.empty(x.shape, dtype=np.float32)
    n_taken = np.zeros(len(x), dtype=np.int64)
    stream = explainer.stream(x, targets)
    for one in progress(stream, total=len(x), desc="explaining", unit="sample"):
        values[one.number], errors[one.number] = one.values, one.error
        n_taken[one.number] = one.n_draws
    fx = explainer.outputs(x) if len(x) else np.empty((0, explainer.base.size))
    return Explanation(
        values=values,
        standard_error=errors,
        targets=targets,
        output=fx[np.arange(len(x)), targets],
        base=explainer.base[targets],
        n_draws=n_taken,
    )
