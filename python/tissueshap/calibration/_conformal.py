"""Conformal prediction sets: the classes that a sample may have, with a stated coverage."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

#: Levels of coverage that are kept.
LEVELS = (0.9, 0.95)


def nonconformity(probabilities: np.ndarray) -> np.ndarray:
    """Return how little each class conforms: one minus its probability, samples x classes.

    Examples
    --------
    >>> ts.calibration.nonconformity(np.array([[0.75, 0.25]])).tolist()
    [[0.25, 0.75]]
    """
    return 1.0 - np.asarray(probabilities, dtype=np.float64)


@dataclass(frozen=True)
class Thresholds:
    """The highest nonconformity with which a class is in a set, by level of coverage.

    Attributes
    ----------
    marginal
        Level to threshold: so many of all samples have their class in their set.
    by_class
        Level to thresholds of the classes, (n_classes,): so many of each class's samples
        have. Infinite where a class has too few calibration samples for the level: it is then
        in every set.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    >>> scores = ts.calibration.nonconformity(p)
    >>> limits = ts.calibration.Thresholds.of(scores, np.array([0, 0, 1, 1]), levels=(0.75,))
    >>> round(limits.marginal[0.75], 2)
    0.4
    """

    marginal: dict[float, float]
    by_class: dict[float, np.ndarray]

    @classmethod
    def of(
        cls, scores: np.ndarray, codes: np.ndarray, levels: tuple[float, ...] = LEVELS
    ) -> Thresholds:
        """Calibrate.

        Parameters
        ----------
        scores
            Of :func:`nonconformity`, of samples that the network has not seen, samples x
            classes.
        codes
            Their true classes, as columns of `scores`.
        levels
            Levels of coverage.
        """
        own = scores[np.arange(codes.size), codes]
        classes = range(scores.shape[1])
        return cls(
            {level: _quantile(own, level) for level in levels},
            {
                level: np.array([_quantile(own[codes == code], level) for code in classes])
                for level in levels
            },
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold: no infinity."""

        def plain(value: float) -> float | None:
            return None if math.isinf(value) else float(value)

        return {
            "levels": list(self.marginal),
            "marginal": [plain(value) for value in self.marginal.values()],
            "by_class": [[plain(value) for value in row] for row in self.by_class.values()],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Thresholds:
        """Return what :meth:`to_dict` returned."""

        def number(value: float | None) -> float:
            return math.inf if value is None else value

        levels = content["levels"]
        return cls(
            dict(zip(levels, map(number, content["marginal"]), strict=True)),
            {
                level: np.array([number(value) for value in row])
                for level, row in zip(levels, content["by_class"], strict=True)
            },
        )


def prediction_sets(
    scores: np.ndarray, thresholds: Thresholds, level: float, *, by_class: bool = False
) -> np.ndarray:
    """Return which classes are in each sample's set, bool, samples x classes.

    Parameters
    ----------
    scores
        Of :func:`nonconformity`.
    thresholds
        Calibrated with scores of the same kind.
    level
        Level of coverage.
    by_class
        Hold the level for each class, not only for all samples together.

    References
    ----------
    Sadinle, Lei and Wasserman, Least ambiguous set-valued classifiers with bounded error
    levels, Journal of the American Statistical Association 114:223 (2019).

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [0.3, 0.7]])
    >>> scores = ts.calibration.nonconformity(p)
    >>> limits = ts.calibration.Thresholds.of(scores, np.array([0, 0, 1, 1]), levels=(0.75,))
    >>> scores = ts.calibration.nonconformity(np.array([[0.65, 0.35]]))
    >>> ts.calibration.prediction_sets(scores, limits, 0.75)
    array([[ True, False]])
    """
    limit = thresholds.by_class[level] if by_class else thresholds.marginal[level]
    return np.asarray(scores <= limit)


def _quantile(scores: np.ndarray, level: float) -> float:
    """Return the smallest score that at least so many of new samples do not exceed."""
    n = scores.size
    rank = math.ceil((n + 1) * level - 1e-9)
    return math.inf if rank > n else float(np.sort(scores)[rank - 1])
