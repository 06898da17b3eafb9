"""Where on the paths from background to sample the gradient is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["stratified", "monte_carlo"]


@dataclass(frozen=True)
class Draws:
    """Draws for one sample.

    Attributes
    ----------
    rows
        Positions in the background, (n,).
    alpha
        Positions on the path, 0 at the background and 1 at the sample, (n,) float32.
    """

    rows: np.ndarray
    alpha: np.ndarray


def monte_carlo(n_draws: int, order: np.ndarray, rng: np.random.Generator) -> Draws:
    """Draw as ``shap.GradientExplainer`` does: background with replacement, alpha uniform."""
    rows = rng.integers(0, order.size, size=n_draws)
    return Draws(rows, rng.random(n_draws, dtype=np.float32))


def stratified(n_draws: int, order: np.ndarray, rng: np.random.Generator) -> Draws:
    """Draw two points in each cell of a grid over (order of the background, alpha).

    The unit square of (place in the order, alpha) is cut into cells of equal area. A
    point in each, uniform within its cell, is unbiased for any function of the two and
    never less accurate than as many independent points; two in each make the error
    measurable without bias. The first half of the draws has one point a cell, the second
    half the other, in the same order of cells.

    Parameters
    ----------
    n_draws
        Draws asked for; :func:`stratified_size` says how many are made.
    order
        Positions in the background, neighbours alike.
    rng
        Where chance comes from.
    """
    stretches, steps = _grid(n_draws)
    cell = np.tile(np.arange(stretches * steps), 2)
    place = (cell // steps + rng.random(cell.size)) / stretches
    alpha = (cell % steps + rng.random(cell.size)) / steps
    rows = order[np.minimum((place * order.size).astype(np.int64), order.size - 1)]
    return Draws(rows, alpha.astype(np.float32))


def stratified_size(n_draws: int) -> int:
    """Return how many draws the grid makes of those asked for: as many or a few more."""
    return 2 * math.prod(_grid(n_draws))


def _grid(n_draws: int) -> tuple[int, int]:
    """Return the grid's cells along the background and along alpha, about as many of each."""
    cells = -(-n_draws // 2)
    steps = max(1, round(math.sqrt(cells)))
    return -(-cells // steps), steps
