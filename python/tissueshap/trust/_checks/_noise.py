"""Noise as large as the differences between replicates."""

from __future__ import annotations

import numpy as np

from tissueshap.trust._checks._context import Context


def replicate_noise(context: Context, n_draws: int, *, turn: int) -> np.ndarray:
    """Return differences of two training samples of each sample's class, over sqrt(2).

    They have the size and the correlation of the deviations of replicates from their mean.

    Parameters
    ----------
    context
        The model and its data.
    n_draws
        Draws for each of the samples ``context.few``.
    turn
        Number of the generator, so that two checks draw differently.

    Returns
    -------
    float32, draws x samples x genes. A class with a single training sample has the differences
    of another class.
    """
    rng = np.random.default_rng([context.numbers.seed, turn])
    codes = context.codes[context.train]
    sizes = np.bincount(codes, minlength=len(context.classes))
    several = np.flatnonzero(sizes > 1)
    noise = np.zeros((n_draws, context.few.size, len(context.genes)), dtype=np.float32)
    if not several.size:
        return noise
    for place, code in enumerate(context.targets[context.few]):
        own = np.flatnonzero(codes == (code if sizes[code] > 1 else rng.choice(several)))
        for draw in range(n_draws):
            first, second = np.asarray(context.x[context.train[rng.choice(own, 2, replace=False)]])
            noise[draw, place] = (first - second) / np.sqrt(2)
    return noise
