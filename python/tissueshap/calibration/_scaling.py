"""Probabilities that mean what they say: scaling of the logits, fitted on held-out samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, logsumexp

#: Range in which a temperature is looked for. A perfect classifier would have 0.
_TEMPERATURES = (0.05, 20.0)
#: Parts of the cross-validation that chooses between the methods.
_N_PARTS = 5
#: Weight of the squared distance of vector scaling's parameters from those of the temperature:
#: with few samples of a class they stay there.
_RIDGE = 0.01


@dataclass(frozen=True)
class Scaling:
    """Logits are multiplied by a slope, and a bias of each class is added.

    Attributes
    ----------
    method
        ``"temperature"`` (one slope, no bias) or ``"vector"`` (a slope and a bias for each
        class).
    slope, bias
        (n_classes,) float64.
    """

    method: str
    slope: np.ndarray
    bias: np.ndarray

    def log_probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the log-transformed calibrated probabilities, samples x classes."""
        return np.asarray(log_softmax(np.asarray(logits, float) * self.slope + self.bias, axis=1))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Return the calibrated probabilities of the classes, samples x classes."""
        return np.asarray(np.exp(self.log_probabilities(logits)))

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {"method": self.method, "slope": self.slope.tolist(), "bias": self.bias.tolist()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Scaling:
        """Return what :meth:`to_dict` returned."""
        return cls(content["method"], np.array(content["slope"]), np.array(content["bias"]))


def fit_scaling(
    logits: np.ndarray, codes: np.ndarray, *, method: str = "best", seed: int = 0
) -> Scaling:
    """Fit the scaling that makes held-out samples most likely.

    Parameters
    ----------
    logits
        Of samples that the network has not seen, samples x classes.
    codes
        Their true classes, as columns of `logits`.
    method
        ``"temperature"``, ``"vector"``, or ``"best"``: vector scaling where its
        cross-validated likelihood is better by more than a standard error.
    seed
        Seed of the parts of the cross-validation.

    Returns
    -------
    The scaling.

    References
    ----------
    Guo et al., On calibration of modern neural networks, ICML 2017; for the targets, Platt,
    Probabilistic outputs for support vector machines, in: Advances in large margin
    classifiers, MIT Press 1999.

    Examples
    --------
    >>> logits = np.tile([[2.0, 0.0], [0.0, 2.0]], (50, 1))
    >>> codes = np.tile([0, 1, 1, 1], 25)  # three of four are right
    >>> ts.calibration.fit_scaling(logits, codes).probabilities(logits[:1]).round(2)
    array([[0.75, 0.25]])
    """
    logits = np.asarray(logits, dtype=np.float64)
    if method == "temperature":
        return _temperature(logits, codes)
    if method == "vector":
        return _vector(logits, codes)
    gain = _gain(logits, codes, seed)
    error = gain.std(ddof=1) / np.sqrt(gain.size)
    return (_vector if gain.mean() > error > 0 else _temperature)(logits, codes)


def _gain(logits: np.ndarray, codes: np.ndarray, seed: int) -> np.ndarray:
    """Return by how much vector scaling makes each sample likelier, fitted on the others."""
    part = np.empty(codes.size, dtype=int)
    rng = np.random.default_rng(seed)
    for code in np.unique(codes):
        own = rng.permutation(np.flatnonzero(codes == code))
        part[own] = (np.arange(own.size) + rng.integers(_N_PARTS)) % _N_PARTS
    gain = np.zeros(codes.size)
    for number in np.unique(part):
        seen, held = part != number, part == number
        if not seen.any():
            continue
        first, second = (fit(logits[seen], codes[seen]) for fit in (_temperature, _vector))
        gain[held] = _likelihood(second, logits[held], codes[held]) - _likelihood(
            first, logits[held], codes[held]
        )
    return gain


def _targets(codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the probabilities to be fitted: one error among two more samples than there are.

    Platt's targets. Where all samples are right, a certainty without limit would be most
    likely, which so many samples cannot show.
    """
    wrong = 1 / (codes.size + 2)
    targets = np.full((codes.size, n_classes), wrong / (n_classes - 1))
    targets[np.arange(codes.size), codes] = 1 - wrong
    return targets


def _likelihood(scaling: Scaling, logits: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return np.asarray(scaling.log_probabilities(logits)[np.arange(codes.size), codes])


def _temperature(logits: np.ndarray, codes: np.ndarray) -> Scaling:
    own = (logits * _targets(codes, logits.shape[1])).sum(axis=1)

    def loss(log_slope: float) -> float:
        slope = np.exp(log_slope)
        return float(np.mean(logsumexp(slope * logits, axis=1) - slope * own))

    bounds = tuple(np.log(1 / np.array(_TEMPERATURES[::-1])))
    slope = np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x)
    n_classes = logits.shape[1]
    return Scaling("temperature", np.full(n_classes, slope), np.zeros(n_classes))


def _vector(logits: np.ndarray, codes: np.ndarray) -> Scaling:
    n_samples, n_classes = logits.shape
    start = _temperature(logits, codes)
    first = np.concatenate([np.log(start.slope), start.bias])
    targets = _targets(codes, n_classes)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slope, bias = np.exp(parameters[:n_classes]), parameters[n_classes:]
        logs = log_softmax(logits * slope + bias, axis=1)
        away = parameters - first
        value = -(targets * logs).sum() / n_samples + _RIDGE / 2 * np.square(away).mean()
        error = (np.exp(logs) - targets) / n_samples
        gradient = np.concatenate([slope * (error * logits).sum(axis=0), error.sum(axis=0)])
        return float(value), gradient + _RIDGE * away / away.size

    best = minimize(loss, first, jac=True, method="L-BFGS-B").x
    return Scaling("vector", np.exp(best[:n_classes]), best[n_classes:])
