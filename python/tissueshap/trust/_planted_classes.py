"""Classes that are drawn from known genes of real samples, to see what a method finds."""

from __future__ import annotations

import numpy as np

#: Genes that decide, at most and as a share of all, and classes.
_MOST, _SHARE, N_CLASSES = 50, 0.2, 4
#: Standard deviation of the classes' scores: nearly all samples get the class of their genes.
_SIGNAL = 6.0


def planted_classes(x: np.ndarray, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a class for each sample from a few of its genes, and return which genes decide.

    The genes, and with them their correlation, are those of the real samples. A multinomial
    logistic model of 50 random genes (at most a fifth of all), each of which raises or lowers
    one of four classes by the same amount per standard deviation, gives the classes. Genes that
    are not among them are independent of the class given the others: they are the nulls of a
    knockoff filter.

    Parameters
    ----------
    x
        Samples x genes.
    seed
        Seed of the genes and the classes.

    Returns
    -------
    Each sample's class, as a number, and booleans of the genes.
    """
    rng = np.random.default_rng([seed, 12])
    p = x.shape[1]
    spread = x.std(axis=0)
    varying = np.flatnonzero(spread > 0)
    number = max(N_CLASSES, min(_MOST, int(_SHARE * p)))
    chosen = rng.permutation(varying)[:number]
    effects = np.zeros((chosen.size, N_CLASSES))
    effects[np.arange(chosen.size), np.arange(chosen.size) % N_CLASSES] = rng.choice(
        [-1.0, 1.0], chosen.size
    )
    z = (x[:, chosen] - x[:, chosen].mean(axis=0)) / spread[chosen]
    scores = z @ effects
    scores *= _SIGNAL / max(float(scores.std()), 1e-9)
    codes = (scores + rng.gumbel(size=scores.shape)).argmax(axis=1)
    mask = np.zeros(p, dtype=bool)
    mask[chosen] = True
    return codes, mask
