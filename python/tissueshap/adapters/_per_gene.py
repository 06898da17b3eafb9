"""Steps of a pipeline that change each gene by itself, by a shift and a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class PerGene:
    """``min((x - shift) / scale, upper)``.

    Attributes
    ----------
    shift, scale
        Of each gene, (genes,).
    upper
        The largest value that is passed on.
    """

    shift: np.ndarray
    scale: np.ndarray
    upper: float = np.inf

    @classmethod
    def unchanged(cls, n_genes: int) -> PerGene:
        """Return the step that changes nothing."""
        return cls(np.zeros(n_genes), np.ones(n_genes))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the changed samples, float64."""
        return np.asarray(
            np.minimum((np.asarray(x, np.float64) - self.shift) / self.scale, self.upper)
        )

    def slope(self, x: np.ndarray) -> np.ndarray:
        """Return the derivative for each gene, samples x genes."""
        within = (np.asarray(x, np.float64) - self.shift) / self.scale < self.upper
        return np.asarray(within / self.scale)

    def then(self, shift: np.ndarray, scale: np.ndarray) -> PerGene:
        """Return these steps followed by another."""
        return PerGene(self.shift + self.scale * shift, self.scale * scale)


def peeled(estimator: Any, n_genes: int) -> tuple[Any, PerGene] | None:
    """Return the last step of a pipeline, and the steps before it as one per gene.

    Parameters
    ----------
    estimator
        A pipeline of scikit-learn, or an estimator without one.
    n_genes
        Number of genes.

    Returns
    -------
    None if a step before the last one mixes or drops genes.
    """
    steps = PerGene.unchanged(n_genes)
    for _, step in getattr(estimator, "steps", [])[:-1]:
        if step is None or isinstance(step, str):  # "passthrough"
            continue
        known = _SCALERS.get(type(step).__name__)
        if known is None or not _is_sklearn(step) or getattr(step, "clip", False):
            return None
        shift, scale = known(step)
        zeros, ones = np.zeros(n_genes), np.ones(n_genes)
        steps = steps.then(
            zeros if shift is None else np.asarray(shift, np.float64),
            ones if scale is None else np.asarray(scale, np.float64),
        )
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    return last, steps


def _is_sklearn(step: Any) -> bool:
    return type(step).__module__.startswith("sklearn.")


#: What each scaler of scikit-learn subtracts and divides by; None for nothing.
_SCALERS: dict[str, Any] = {
    "StandardScaler": lambda step: (step.mean_ if step.with_mean else None, step.scale_),
    "MaxAbsScaler": lambda step: (None, step.scale_),
    "MinMaxScaler": lambda step: (-step.min_ / step.scale_, 1 / step.scale_),
    "RobustScaler": lambda step: (step.center_, step.scale_),
}
