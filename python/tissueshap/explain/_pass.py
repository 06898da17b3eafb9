"""The input of a gradient pass for each sample, and its output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tissueshap.explain._background import Reference, References
from tissueshap.explain._draws import Draws
from tissueshap.explain._estimate import N_SUMS, Estimate, pair_sums


@dataclass
class Work:
    """A sample that is being explained."""

    row: int
    x: np.ndarray
    target: int
    references: References
    draws: Draws
    taken: int = 0
    rounds: int = 0

    def __post_init__(self) -> None:
        self.reference: Reference = self.references[self.target]
        self.estimate = Estimate(np.zeros((N_SUMS, self.x.size)))

    def take(self, pairs: int) -> Draws:
        """Return the next pairs of the round, fewer at its end."""
        part = slice(self.taken, self.taken + pairs)
        self.taken = min(part.stop, len(self.draws.place))
        return Draws(self.draws.place[part], self.draws.alpha[part])


def sums_of_a_pass(
    gradient: Any, x: Any, background: Any, alpha: Any, counts: Any, targets: Any, mean: Any
) -> Any:
    """Return the sums over a pass's pairs, samples x 11 x genes.

    Parameters
    ----------
    gradient
        The network's.
    x, mean
        The samples and their backgrounds' means, samples x genes.
    background
        samples x pairs x 2 x genes.
    alpha, counts
        samples x pairs x 2 x 1 and samples x pairs x 1 x 1; 0 where a pair does not count.
    targets
        (samples,).
    """
    from keras import ops

    shape = tuple(background.shape)
    change = x[:, None, None, :] - background
    points = ops.reshape(background + alpha * change, (-1, shape[-1]))
    gradients = gradient(points, ops.repeat(targets, shape[1] * 2, axis=0))
    contributions = counts * change * ops.reshape(gradients, shape)
    return pair_sums(contributions, counts * (background - mean[:, None, None, :]))


def shape_of_a_pass(draws: int, most: int, n_samples: int) -> tuple[int, int]:
    """Return samples and pairs of a pass: all draws of some samples, or a part of one's."""
    pairs = draws // 2
    if draws <= most:
        return max(1, min(most // draws, n_samples)), pairs
    parts = -(-draws // max(most, 2))
    return 1, -(-pairs // parts)
