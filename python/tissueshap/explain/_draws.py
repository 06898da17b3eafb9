"""The points on the paths from background to sample at which gradients are computed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["stratified", "monte_carlo"]

#: Draws per sample by default, as shap's GradientExplainer makes.
N_DRAWS = 200


@dataclass(frozen=True)
class Draws:
    """Draws for one sample, in pairs.

    Attributes
    ----------
    place
        Places in the background's order, 0 its first sample and 1 behind its last, (pairs, 2).
    alpha
        Positions on the path, 0 at the background and 1 at the sample, (pairs, 2) float32.
    """

    place: np.ndarray
    alpha: np.ndarray


def monte_carlo(n_draws: int, rng: np.random.Generator) -> Draws:
    """Draw as ``shap.GradientExplainer`` does: background with replacement, alpha uniform."""
    shape = (_pairs(n_draws), 2)
    return Draws(rng.random(shape), rng.random(shape, dtype=np.float32))


def stratified(n_draws: int, rng: np.random.Generator) -> Draws:
    """Draw two points in each cell of a grid over (place in the background, alpha).

    The unit square is divided into cells of equal area. One uniform point in each cell gives
    an unbiased mean of any function of the two, never less accurate than the same number of
    independent points; two points in each cell, a pair, allow an unbiased estimate of the
    error.

    Parameters
    ----------
    n_draws
        Number of draws requested; :func:`drawn_size` returns how many are made.
    rng
        The random number generator.
    """
    stretches, steps = _grid(n_draws)
    cell = np.arange(stretches * steps)[:, None]
    place = (cell // steps + rng.random((cell.size, 2))) / stretches
    alpha = (cell % steps + rng.random((cell.size, 2))) / steps
    return Draws(place, alpha.astype(np.float32))


def drawn_size(n_draws: int, method: str) -> int:
    """Return how many draws are made: the number requested or a few more."""
    if method == "monte_carlo":
        return 2 * _pairs(n_draws)
    return 2 * math.prod(_grid(n_draws))


def _pairs(n_draws: int) -> int:
    return -(-n_draws // 2)


def _grid(n_draws: int) -> tuple[int, int]:
    """Return the grid's cells along the background and along alpha.

    Of the grids with similar numbers of both, the one with the fewest cells.
    """
    cells = _pairs(n_draws)
    most = math.sqrt(cells)
    steps = range(math.ceil(most / 2), math.floor(most * 2) + 1)
    n_steps = min(steps or [1], key=lambda n: (n * -(-cells // n), abs(n - most)))
    return -(-cells // n_steps), n_steps
