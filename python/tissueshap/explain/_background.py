"""The background samples, and how often each is drawn."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError


class Background:
    """Samples that a sample is compared with.

    Parameters
    ----------
    values
        m x genes; anything with a shape that can be indexed by an array of rows (an array, a
        view into a layer, rows that are computed on request).
    weights
        How often each is drawn, relative to the others, (m,); equally often by default.
    groups
        The class of each, as a number, (m,). If passed, a sample is only compared with
        background samples of classes other than the explained one.

    Raises
    ------
    DataError
        It is empty, or weights or groups do not match.

    Examples
    --------
    >>> x = adata.layers["log2"]
    >>> background = ts.explain.Background(x, weights=np.ones(len(x)))
    >>> explainer = ts.explain.Explainer(model.network, background, n_draws=50)
    >>> explainer.base.shape
    (3,)
    """

    def __init__(
        self, values: Any, *, weights: np.ndarray | None = None, groups: np.ndarray | None = None
    ) -> None:
        size = values.shape[0]
        if size == 0:
            raise DataError("the background is empty: pass at least one sample")
        self.values, self.shape = values, tuple(values.shape)
        self.weights = np.ones(size) if weights is None else np.asarray(weights, np.float64)
        self.groups = groups
        if self.weights.shape != (size,) or (groups is not None and groups.shape != (size,)):
            raise DataError(f"weights and groups need a value for each of {size} samples")
        if (self.weights < 0).any() or not np.isfinite(self.weights).all():
            raise DataError("a weight of the background is negative or missing")
        self.of(None)

    def of(self, target: int | None) -> np.ndarray:
        """Return the weights for an explained class, with sum 1, (m,)."""
        weights = self.weights
        if self.groups is not None and target is not None:
            weights = np.where(self.groups == target, 0.0, weights)
        total = weights.sum()
        if not total > 0:
            raise DataError(
                f"the background has no sample of another class than number {target}"
                if target is not None
                else "all weights of the background are 0"
            )
        return np.asarray(weights / total)

    def means(self, outputs: np.ndarray) -> np.ndarray:
        """Return the mean of each class's output over its background, (classes,).

        Parameters
        ----------
        outputs
            The network's outputs for these samples, m x classes. The mean is NaN for a class
            to which all of them belong.
        """
        if self.groups is None:
            return np.asarray(self.of(None) @ outputs)
        means = np.full(outputs.shape[1], np.nan)
        for target in range(means.size):
            if self.weights[self.groups != target].any():
                means[target] = self.of(target) @ outputs[:, target]
        return means


@dataclass(frozen=True)
class Reference:
    """The background of one explained class.

    Attributes
    ----------
    rows
        Positions in the background of the samples that are drawn, similar ones together.
    edges
        End of each sample's interval in (0, 1).
    mean, variance
        Of each gene, (genes,) float32; the variance is 0 where it is rounding.
    """

    rows: np.ndarray
    edges: np.ndarray
    mean: np.ndarray
    variance: np.ndarray

    def at(self, place: np.ndarray) -> np.ndarray:
        """Return the background samples at places in (0, 1)."""
        places = np.searchsorted(self.edges, place, side="right")
        return np.asarray(self.rows[np.minimum(places, self.rows.size - 1)])


class References:
    """The background for each explained class, computed on first use.

    Parameters
    ----------
    background
        The samples.
    order
        Their positions, similar ones together.
    moments
        False leaves means and variances at 0, if no regression on them is needed.
    """

    def __init__(self, background: Background, order: np.ndarray, *, moments: bool) -> None:
        self._background, self._order = background, order
        self._held: dict[int | None, Reference] = {}
        self._moments = _Moments(background) if moments else None

    def __getitem__(self, target: int) -> Reference:
        key = target if self._background.groups is not None else None
        if key not in self._held:
            weights = self._background.of(key)[self._order]
            drawn = weights > 0
            mean = variance = np.zeros(self._background.shape[1], dtype=np.float32)
            if self._moments is not None:
                mean, variance = self._moments.of(key)
            edges = np.cumsum(weights[drawn])
            self._held[key] = Reference(self._order[drawn], edges, mean, variance)
        return self._held[key]

    def without_values(self) -> References:
        """Return a copy for another process, to which the samples are sent by themselves."""
        copied, background = copy.copy(self), copy.copy(self._background)
        background.values = None
        copied._background = background
        return copied


class _Moments:
    """Each gene's weighted sums by class of the background, in one pass over it."""

    def __init__(self, background: Background, rows: int = 1024) -> None:
        size, n_genes = background.shape
        groups = background.groups if background.groups is not None else np.zeros(size, np.int64)
        self._groups, codes = np.unique(groups, return_inverse=True)
        # About the first sample, to avoid cancellation between large squares.
        self._first = np.asarray(background.values[np.arange(1)], dtype=np.float64)[0]
        self._weight = np.bincount(codes, weights=background.weights)
        self._sum = np.zeros((self._groups.size, n_genes))
        self._squares = np.zeros((self._groups.size, n_genes))
        for start in range(0, size, rows):
            chosen = np.arange(start, min(start + rows, size))
            centred = np.asarray(background.values[chosen], dtype=np.float64) - self._first
            member = codes[chosen] == np.arange(self._groups.size)[:, None]
            weight = member * background.weights[chosen]
            self._sum += weight @ centred
            self._squares += weight @ np.square(centred)

    def of(self, without: int | None) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and variance, (genes,) float32, with one class left out."""
        kept = np.ones(self._groups.size, bool) if without is None else self._groups != without
        total = self._weight[kept].sum()
        shift = self._sum[kept].sum(axis=0) / total
        variance = self._squares[kept].sum(axis=0) / total - np.square(shift)
        mean = self._first + shift
        variance[variance <= 1e-10 * np.square(mean)] = 0.0
        return mean.astype(np.float32), variance.astype(np.float32)
