"""Linear scores and the probabilities that are computed from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from tissueshap.adapters._gradients import Gradients
from tissueshap.adapters._per_gene import PerGene
from tissueshap.explain import AdditiveExplainer


def _shares(scores: np.ndarray) -> np.ndarray:
    """Return each class's logistic probability against all others, scaled to sum to 1."""
    one = expit(scores)
    return np.asarray(one / one.sum(axis=1, keepdims=True))


#: From scores to probabilities: of all classes together, of each class by itself (CellTypist),
#: and of each class by itself with a sum of 1 (one-vs-rest, and two classes).
LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "softmax": lambda scores: softmax(scores, axis=1),
    "ovr": _shares,
    "logistic": expit,
}


@dataclass(frozen=True)
class Linear:
    """The scores ``weights' z(x) + intercept``, with z computed gene by gene.

    Attributes
    ----------
    weights, intercept
        Genes x classes, and (classes,).
    link
        One of :data:`LINKS`.
    steps
        What is done to each gene before.
    """

    weights: np.ndarray
    intercept: np.ndarray
    link: str
    steps: PerGene

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Return the scores, samples x classes."""
        return np.asarray(self.steps(x) @ self.weights + self.intercept)

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities, samples x classes."""
        return LINKS[self.link](self.scores(x))

    def gradient(self, x: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the gradient of the probability of each sample's target, samples x genes."""
        scores, rows = self.scores(x), np.arange(len(x))
        one = LINKS["softmax" if self.link == "softmax" else "logistic"](scores)
        own = np.zeros_like(scores)
        own[rows, targets] = 1.0
        if self.link == "softmax":
            slope = one[rows, targets][:, None] * (own - one)
        else:
            slope = own * one * (1 - one)
        if self.link == "ovr":
            total = one.sum(axis=1, keepdims=True)
            share = one[rows, targets][:, None] / total
            slope = (slope - share * one * (1 - one)) / total
        return np.asarray((slope @ self.weights.T) * self.steps.slope(x))

    def by_gradients(self) -> Gradients:
        """Return what explains the probabilities by expected gradients."""
        return Gradients(
            {"probability": (self.probabilities, self.gradient)}, self.weights.shape[0]
        )

    def by_sum(
        self,
        background: Any,
        *,
        n_draws: int | None = None,
        tolerance: float | None = None,
        output: str | None = None,
        method: str | None = None,
        seed: int = 42,
    ) -> Any:
        """Return what explains the scores exactly, or the probabilities if these are requested."""
        if output == "probability":
            return self.by_gradients()(
                background, n_draws=n_draws, tolerance=tolerance, method=method, seed=seed
            )
        return AdditiveExplainer(self.weights, self.intercept, background, transform=self.steps)


def fitting_link(scores: np.ndarray, probabilities: np.ndarray) -> str | None:
    """Return the link from scores to probabilities, or None if it is none of these."""
    for name, link in LINKS.items():
        if scores.shape == probabilities.shape and np.allclose(
            link(scores), probabilities, atol=1e-4
        ):
            return name
    return None
