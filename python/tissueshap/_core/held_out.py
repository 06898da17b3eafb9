"""Which samples are for training and which are held out, as ``pp.split`` wrote it.

With folds every sample is both: it is held out once, and used to train the networks of the
other folds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData

#: Positions of the training and of the held-out samples, one pair per network.
Rounds = list[tuple[np.ndarray, np.ndarray]]

#: Values of ``obs["split"]``.
TRAIN, TEST, BOTH = "train", "test", "both"

#: Minimum number of training samples of a class: SMOTE needs a neighbour.
MIN_TRAIN = 2
#: Minimum number of held-out samples of a class, if their number is not given.
MIN_TEST = 2


def training(adata: AnnData) -> np.ndarray:
    """Return which samples may be used for training."""
    return _is(adata, TRAIN, BOTH)


def held_out(adata: AnnData) -> np.ndarray:
    """Return which samples are predicted by a network that was not trained on them."""
    return _is(adata, TEST, BOTH)


def folds(adata: AnnData) -> np.ndarray | None:
    """Return the fold in which each sample is held out, from 1; None without folds."""
    if not _is(adata, BOTH).any():
        return None
    return np.asarray(slots.require(adata, "obs", schema.obs.fold), dtype=np.int64)


def rounds(adata: AnnData) -> Rounds:
    """Return the training and the held-out samples: once, or for each fold.

    Raises
    ------
    DataError
        No sample is held out.
    """
    fold, test = folds(adata), held_out(adata)
    if not test.any():
        raise DataError("no sample is held out: run ts.pp.split(adata)")
    if fold is None:
        return [(np.flatnonzero(training(adata)), np.flatnonzero(test))]
    return [
        (np.flatnonzero(fold != number), np.flatnonzero(fold == number))
        for number in np.unique(fold)
    ]


def fewest(*, n_test: int | None = None, n_folds: int | None = None) -> int:
    """Return the minimum number of samples of a class for a split.

    Parameters
    ----------
    n_test
        Number of samples per class to hold out; None for a share of them.
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
