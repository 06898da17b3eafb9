"""Deletion and insertion: the model's output as genes are removed or added back.

Petsiuk et al., BMVC 2018 (arXiv:1806.07421), with samples of other classes instead of
grey pixels: a removed gene gets the value that it has in another sample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.integrate import trapezoid

#: Number of steps, spaced evenly on a logarithmic scale of the number of genes: the output
#: changes most over the first few dozen genes, which a linear scale would hide.
N_STEPS = 16

#: Bytes of the samples that are predicted in one call.
_BYTES = 64 * 2**20

#: Returns probabilities (n, classes) of samples (n, genes).
Predict = Callable[[np.ndarray], np.ndarray]


def steps(n_genes: int) -> np.ndarray:
    """Return the numbers of genes at which the model is evaluated, from 1 to all."""
    return np.unique(np.round(np.geomspace(1, n_genes, N_STEPS)).astype(np.int64))


def fills(
    background: np.ndarray, codes: np.ndarray, targets: np.ndarray, *, n_fills: int, seed: int
) -> np.ndarray:
    """Draw, for each sample, background samples of other classes than its own.

    Parameters
    ----------
    background
        Background samples, m x genes.
    codes
        Their classes.
    targets
        The samples' classes, (n,).
    n_fills
        Draws per sample.
    seed
        Seed of the draws.

    Returns
    -------
    float32, n_fills x n x genes.
    """
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(codes != code), n_fills) for code in targets]
    return np.asarray(background[np.stack(rows, axis=1)], dtype=np.float32)


def curve(
    predict: Predict, x: np.ndarray, targets: np.ndarray, order: np.ndarray, fill: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probability of each sample's class along its order of the genes.

    Parameters
    ----------
    predict
        The model.
    x
        Samples, n x genes.
    targets
        The class whose probability is returned for each, as a number.
    order
        Genes of each class in the order of replacement, genes x classes.
    fill
        The values that replace genes, draws x n x genes.

    Returns
    -------
    Deletion (the first genes are replaced) and insertion (all others are), each n x
    steps, means over the draws.
    """
    numbers, n_fills = steps(x.shape[1]), len(fill)
    means = np.zeros((len(numbers), 2, len(x)))
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(order))[:, None], axis=0)
    rank = place[:, targets].T
    # A call costs as much as hundreds of rows: several steps share one.
    together = max(1, _BYTES // (4 * 2 * fill.size))
    for start in range(0, len(numbers), together):
        part = numbers[start : start + together]
        firsts = [rank < number for number in part]
        changed = [
            np.where(gone, draw, x) for first in firsts for gone in (first, ~first) for draw in fill
        ]
        probability = predict(np.concatenate(changed).astype(np.float32))
        every = np.tile(targets, len(changed))
        of_target = probability[np.arange(every.size), every]
        shape = len(part), 2, n_fills, len(x)
        means[start : start + len(part)] = of_target.reshape(shape).mean(axis=2)
    return means[:, 0].T, means[:, 1].T


def area(probability: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the mean height of curves over the logarithm of the number of genes.

    Parameters
    ----------
    probability
        n x steps.
    numbers
        Numbers of genes at the steps, (steps,): integers, so that the first are farther apart
        on that scale than the others.

    Returns
    -------
    (n,), by the trapezoidal rule.
    """
    place = np.log(numbers)
    return np.asarray(trapezoid(probability, place, axis=1) / (place[-1] - place[0]))


def gain(
    curves: tuple[np.ndarray, np.ndarray],
    against: tuple[np.ndarray, np.ndarray],
    numbers: np.ndarray,
) -> np.ndarray:
    """Return how much better an order is than another, for each sample, (n,).

    The mean of the area below the other's deletion curve and of that above its insertion
    curve: at most 1, and 0 for two orders that are equally good.

    Parameters
    ----------
    curves, against
        Deletion and insertion of each, n x steps.
    numbers
        Numbers of genes at the steps.
    """
    deletion, insertion = (
        area(first, numbers) - area(second, numbers)
        for first, second in zip(curves, against, strict=True)
    )
    return np.asarray((insertion - deletion) / 2)


def table(name: str, numbers: np.ndarray, both: tuple[np.ndarray, np.ndarray]) -> pd.DataFrame:
    """Return the mean curves as rows: direction, genes, n_genes, probability, standard_error."""
    parts = []
    for direction, curve_values in zip(("deletion", "insertion"), both, strict=True):
        spread = (
            curve_values.std(axis=0, ddof=1)
            if len(curve_values) > 1
            else np.full(curve_values.shape[1], np.nan)
        )
        parts.append(
            pd.DataFrame(
                {
                    "direction": direction,
                    "genes": name,
                    "n_genes": numbers,
                    "probability": curve_values.mean(axis=0),
                    "standard_error": spread / np.sqrt(len(curve_values)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
