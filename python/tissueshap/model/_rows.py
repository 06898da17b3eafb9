"""What a network is trained on: rows that are made when a batch asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Returns the float32 log2 expression of some rows of a training table.
Expand = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class TrainingRows:
    """Rows to train on and samples to watch the training with.

    Attributes
    ----------
    table
        A row a training row: ``sample`` and ``neighbour`` (positions of samples),
        ``mix`` (share of the neighbour, 0 for a real sample), ``weight``.
    codes
        Class of each of the rows, as a number.
    expand
        Makes the matrix of some rows of `table`.
    x_validation, codes_validation
        Real samples that no row of `table` touches; empty where none are held out.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(40, 20)).astype("float32")
    >>> codes = np.repeat([0, 1], 20)
    >>> table = pd.DataFrame({"sample": range(40), "neighbour": range(40)})
    >>> table = table.assign(mix=0.0, weight=1.0)  # each sample once, none mixed
    >>> rows = ts.model.TrainingRows(table, codes, lambda part: x[part["sample"]], x[:0], codes[:0])
    >>> len(rows)
    40
    """

    table: pd.DataFrame
    codes: np.ndarray
    expand: Expand
    x_validation: np.ndarray
    codes_validation: np.ndarray

    def __len__(self) -> int:
        return len(self.table)


def plain_table(samples: np.ndarray) -> pd.DataFrame:
    """Return the table of real samples, each once, as ``pp.oversample`` writes it."""
    return pd.DataFrame(
        {"sample": samples, "neighbour": samples, "mix": 0.0, "weight": 1.0}
    ).astype({"sample": np.int64, "neighbour": np.int64})


def hold_out(
    samples: np.ndarray,
    codes: np.ndarray,
    *,
    share: float,
    minimum: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Choose samples to watch a training with, the same share of each class.

    Parameters
    ----------
    samples, codes
        Positions and classes of the real training samples.
    share
        Share of each class, rounded; a class gives at most all but four of its samples.
    minimum
        Choose none at all where there would be fewer than this.
    rng
        Where chance comes from.

    Returns
    -------
    Positions, in ascending order.
    """
    chosen = []
    for code in np.unique(codes):
        members = samples[codes == code]
        number = min(round(share * members.size), max(0, members.size - 4))
        chosen.append(rng.choice(members, size=number, replace=False))
    held = np.sort(np.concatenate(chosen))
    return held if held.size >= max(minimum, 1) else held[:0]


def without(table: pd.DataFrame, held: np.ndarray, codes: np.ndarray) -> pd.DataFrame:
    """Drop the rows that touch held-out samples, and keep each class's weight in balance.

    A SMOTE row lies between two samples, so it is dropped when either is held out: a
    validation sample must not leak into training through a mixture. Classes with many
    mixtures lose more rows than the others, and their other rows weigh more for it.

    Parameters
    ----------
    table
        Training table.
    held
        Positions of the held-out samples.
    codes
        Class of each sample of the AnnData.

    Returns
    -------
    The rows that are left, their weights 1 on average.
    """
    mixed = table["mix"].to_numpy() > 0
    touches = np.isin(table["sample"], held) | (mixed & np.isin(table["neighbour"], held))
    left = table[~touches].reset_index(drop=True)
    weight = table["weight"].to_numpy(dtype=np.float64)
    before = np.bincount(codes[table["sample"]], weights=weight)
    after = np.bincount(codes[left["sample"]], weights=weight[~touches], minlength=before.size)
    balance = np.divide(before, after, out=np.ones_like(before), where=after > 0)
    kept = weight[~touches] * balance[codes[left["sample"]]]
    return left.assign(weight=kept / kept.mean())
