"""Which samples train and which are held out, as ``pp.split`` has written it.

Where it made folds every sample does both: it is held out once, and trains the networks of
the other folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

#: Positions of the samples that train and of those that are held out, a pair a network.
Rounds = list[tuple[np.ndarray, np.ndarray]]

#: Values of ``obs["split"]``.
TRAIN, TEST, BOTH = "train", "test", "both"

#: Fewest samples of a class to train on: SMOTE needs a neighbour.
MIN_TRAIN = 2
#: Fewest samples of a class to hold out, where their number is not given.
MIN_TEST = 2


def training(adata: AnnData) -> np.ndarray:
    """Return which samples a network may be trained on."""
    return _is(adata, TRAIN, BOTH)


def held_out(adata: AnnData) -> np.ndarray:
    """Return which samples are predicted by a network that has not seen them."""
    return _is(adata, TEST, BOTH)


def folds(adata: AnnData) -> np.ndarray | None:
    """Return the fold in which each sample is held out, from 1; None without folds."""
    if not _is(adata, BOTH).any():
        return None
    return np.asarray(slots.require(adata, "obs", schema.obs.fold), dtype=np.int64)


def rounds(adata: AnnData) -> Rounds:
    """Return which samples train and which are held out: once, or for each fold.

    Raises
    ------
    DataError
        No sample is held out.
    """
    fold, held = folds(adata), held_out(adata)
    if not held.any():
        raise DataError("no sample is held out: run ts.pp.split(adata)")
    if fold is None:
        return [(np.flatnonzero(training(adata)), np.flatnonzero(held))]
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in np.unique(fold)
    ]


def fewest(*, n_test: int | None = None, n_folds: int | None = None) -> int:
    """Return how many samples a class needs to be split.

    Parameters
    ----------
    n_test
        Samples of each class to hold out; None for a share of them.
    n_folds
        Folds, or None for one split.
    """
    if n_folds is None:
        return (MIN_TEST if n_test is None else n_test) + MIN_TRAIN
    size = MIN_TRAIN + 1
    while size - -(-size // n_folds) < MIN_TRAIN:
        size += 1
    return size


def _is(adata: AnnData, *values: str) -> np.ndarray:
    split = np.asarray(slots.require(adata, "obs", schema.obs.split).astype(str))
    return np.isin(split, values)
