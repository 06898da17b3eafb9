"""The values of an explanation, and their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Explanation:
    """Expected gradients of some samples.

    Attributes
    ----------
    values
        Contribution of each gene to the sample's explained output, (n, genes) float32, in
        the units of that output (probability, or logit).
    standard_error
        Standard error of each value, over the draws, (n, genes) float32.
    targets
        Class that is explained, as a number, (n,).
    output
        The explained output of the sample, f(x), (n,).
    base
        Its mean over the background, (n,).
    n_draws
        Number of gradients used for each sample, (n,).

    Examples
    --------
    >>> x = adata.layers["log2"]
    >>> result = ts.explain.expected_gradients(model.network, x[:2], x[2:], np.array([0, 1]))
    >>> gap = result.values.sum(axis=1) - (result.output - result.base)
    >>> bool((abs(gap) < 0.05).all())
    True
    """

    values: np.ndarray
    standard_error: np.ndarray
    targets: np.ndarray
    output: np.ndarray
    base: np.ndarray
    n_draws: np.ndarray

    @property
    def completeness(self) -> np.ndarray:
        """Relative error of the sum of a sample's values, which should be f(x) - base, (n,)."""
        return completeness(self.values.sum(axis=1, dtype=np.float64), self.output, self.base)

    @property
    def relative_error(self) -> np.ndarray:
        """Root mean square of the standard errors over that of the values, (n,)."""
        return relative_error(self.values, self.standard_error)


def completeness(total: np.ndarray, output: np.ndarray, base: np.ndarray) -> np.ndarray:
    """Return how far totals are from output - base, relative to it."""
    change = output - base
    error: np.ndarray = np.abs(total - change) / np.maximum(np.abs(change), 1e-6)
    return error


def relative_error(values: np.ndarray, standard_error: np.ndarray) -> np.ndarray:
    """Return the root mean square of the errors over that of the values, by row."""
    size = np.sqrt(np.square(values, dtype=np.float64).mean(axis=1))
    error = np.sqrt(np.square(standard_error, dtype=np.float64).mean(axis=1))
    share: np.ndarray = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
    return share
