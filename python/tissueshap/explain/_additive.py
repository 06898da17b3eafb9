"""Exact values of a score that is a sum over the genes, such as that of a linear model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tissueshap.explain._background import Background
from tissueshap.explain._differentiable import in_blocks
from tissueshap.explain._engine import Explained


class AdditiveExplainer:
    """Explains the scores ``sum_g w_gc z_g(x_g) + b_c``: a gene's value is its term's change.

    The Shapley value of gene g for class c is ``w_gc (z_g(x_g) - mean z_g)``, with the mean
    over the background, as ``shap.LinearExplainer`` computes it for independent genes.

    Parameters
    ----------
    weights, intercept
        Genes x classes, and (classes,).
    background
        Samples that a sample is compared with.
    transform
        What is done to each gene by itself before: samples x genes to samples x genes.

    Attributes
    ----------
    base
        Mean score of each class over its background, (classes,); NaN without background.
    n_draws
        0: nothing is drawn.
    output
        ``"logit"``.

    Examples
    --------
    >>> background = np.zeros((2, 3), np.float32)
    >>> explainer = ts.explain.AdditiveExplainer(
    ...     np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]]), np.zeros(2), background
    ... )
    >>> next(explainer.stream(np.ones((1, 3), np.float32), np.array([1]))).values
    array([-1.,  0.,  2.])
    """

    def __init__(
        self,
        weights: np.ndarray,
        intercept: np.ndarray,
        background: Any,
        *,
        transform: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        samples = background if isinstance(background, Background) else Background(background)
        self.n_draws, self.output = 0, "logit"
        self._weights, self._intercept = np.asarray(weights, np.float64), intercept
        self._transform = transform or (lambda x: x)
        self._background = samples
        self.base: np.ndarray = samples.means(self.outputs(samples.values))
        self._means: dict[int | None, np.ndarray] = {}

    @property
    def coefficients(self) -> np.ndarray:
        """The weights, genes x classes."""
        return self._weights

    def outputs(self, x: Any) -> np.ndarray:
        """Return the scores of some samples, samples x classes, float64."""
        weights, intercept = self._weights, self._intercept
        return in_blocks(lambda block: self._terms(block) @ weights + intercept, x)

    def stream(
        self, x: Any, targets: np.ndarray, numbers: np.ndarray | None = None
    ) -> Iterator[Explained]:
        """Explain samples one after the other; nothing is drawn, so `numbers` are not used."""
        for row, target in enumerate(targets):
            terms = self._terms(np.asarray(x[np.array([row])], dtype=np.float32))[0]
            values = self._weights[:, target] * (terms - self._mean(int(target)))
            yield Explained(row, values, np.zeros_like(values), 0)

    def _terms(self, block: np.ndarray) -> np.ndarray:
        return np.asarray(self._transform(block.astype(np.float64)))

    def _mean(self, target: int) -> np.ndarray:
        """Return the mean of each gene's term over the background of a class, (genes,)."""
        key = target if self._background.groups is not None else None
        if key not in self._means:
            weight, total = self._background.of(key), np.zeros(len(self._weights))
            for start in range(0, weight.size, 1024):
                rows = np.arange(start, min(start + 1024, weight.size))
                total += weight[rows] @ self._terms(np.asarray(self._background.values[rows]))
            self._means[key] = total
        return self._means[key]
