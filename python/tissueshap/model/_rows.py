"""Training rows of a network, whose values are computed batch by batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tissueshap.model._row_source import InMemory, OfTable, RowSource


@dataclass(frozen=True)
class TrainingRows:
    """Rows to train on, and samples to monitor the training.

    Attributes
    ----------
    table
        One row per training row: ``sample`` and ``neighbour`` (positions of samples),
        ``mix`` (share of the neighbour, 0 for a real sample), ``weight``.
    codes
        Class of each of the rows, as a number.
    expand
        Returns the matrix of some rows of `table`; or a :class:`RowSource`, for rows on disk.
    x_validation, codes_validation
        Real samples that no row of `table` uses; empty if none are held out.

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
    expand: OfTable | RowSource
    x_validation: np.ndarray
    codes_validation: np.ndarray

    def __len__(self) -> int:
        return len(self.table)

    @property
    def source(self) -> RowSource:
        """Where the rows come from."""
        return InMemory(self.expand) if callable(self.expand) else self.expand


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
    """Choose samples to monitor a training, the same share of each class.

    Parameters
    ----------
    samples, codes
        Positions and classes of the real training samples.
    share
        Share of each class, rounded; at least four samples of a class are not chosen.
    minimum
        Choose none if there would be fewer than this.
    rng
        The random number generator.

    Returns
    -------
    Positions, in ascending order.
    """
    chosen = []
    for code in np.unique(codes):
        members = samples[codes == code]
        number = min(round(share * members.size), max(0, members.size - 4))
        chosen.append(rng.choice(members, size=number, replace=False))
    positions = np.sort(np.concatenate(chosen))
    return positions if positions.size >= max(minimum, 1) else positions[:0]


def without(table: pd.DataFrame, held: np.ndarray, codes: np.ndarray) -> pd.DataFrame:
    """Drop the rows that use held-out samples, and keep each class's total weight.

    A SMOTE row is a mixture of two samples and is dropped if either is held out, to avoid
    data leakage. Classes with many mixtures lose more rows than others, and the weights of
    their remaining rows are increased to compensate.

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
    The remaining rows, with an average weight of 1.
    """
    mixed = table["mix"].to_numpy() > 0
    uses_held = np.isin(table["sample"], held) | (mixed & np.isin(table["neighbour"], held))
    left = table[~uses_held].reset_index(drop=True)
    weight = table["weight"].to_numpy(dtype=np.float64)
    before = np.bincount(codes[table["sample"]], weights=weight)
    after = np.bincount(codes[left["sample"]], weights=weight[~uses_held], minlength=before.size)
    balance = np.divide(before, after, out=np.ones_like(before), where=after > 0)
    balanced = weight[~uses_held] * balance[codes[left["sample"]]]
    return left.assign(weight=balanced / balanced.mean())
