"""Where the rows of a training come from: memory, or shuffled blocks of a file.

An epoch visits each row once. From memory the rows come in any order. On disk, neighbours are
read together: the file is divided into blocks of consecutive samples, the blocks are shuffled,
and those that fit into a buffer are read, and their rows shuffled again, as annbatch and
scDataLoader do. The next buffer is read while the network is trained on the current one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pandas as pd

from tissueshap._core import lazy
from tissueshap._core.dense import dense
from tissueshap.pp import mixtures

#: Returns the float32 log2 expression of some rows of a training table.
OfTable = Callable[[pd.DataFrame], np.ndarray]
#: Returns it for some rows of the table, by their positions.
Expand = Callable[[np.ndarray], np.ndarray]

#: Consecutive samples of a file that are read together. Of a file sorted by class, a buffer of
#: 10,000 rows then has 150 places of the file.
_BLOCK = 64


class RowSource(Protocol):
    """Rows of a training table, in an order for each epoch."""

    def deal(
        self, table: pd.DataFrame, n_batches: int, rng: np.random.Generator
    ) -> list[list[np.ndarray]]:
        """Return the batches of an epoch, in groups that are in memory together."""

    def load(self, table: pd.DataFrame, rows: np.ndarray) -> Expand:
        """Return what expands some of these rows, after reading what they need."""


class InMemory:
    """Rows whose values a function returns; if all of them fit into memory, it does so once.

    Parameters
    ----------
    expand
        The function.
    """

    def __init__(self, expand: OfTable) -> None:
        self._expand = expand
        self._values: np.ndarray | None = None

    def deal(
        self, table: pd.DataFrame, n_batches: int, rng: np.random.Generator
    ) -> list[list[np.ndarray]]:
        """Return one group of batches, whose rows are in any order."""
        return [np.array_split(rng.permutation(len(table)), n_batches)]

    def load(self, table: pd.DataFrame, rows: np.ndarray) -> Expand:
        """Return the values, or the function."""
        n_genes = self._expand(table.iloc[:1]).shape[1]
        if len(table) > lazy.buffer_rows(n_genes):
            return lambda chosen: self._expand(table.iloc[chosen])
        if self._values is None:
            self._values = self._expand(table)
        return self._values.__getitem__


class OnDisk:
    """Rows whose samples are read in shuffled blocks.

    Parameters
    ----------
    values
        Samples x genes, indexed by rows: what the rows of the table mix.
    finish
        Changes a row in place after it was mixed.
    """

    def __init__(
        self, values: lazy.Lazy, finish: Callable[[np.ndarray], Any] | None = None
    ) -> None:
        self._values, self._finish = values, finish
        self._most = lazy.buffer_rows(values.shape[1])
        self._samples, self._read = np.empty(0, dtype=np.int64), None

    def deal(
        self, table: pd.DataFrame, n_batches: int, rng: np.random.Generator
    ) -> list[list[np.ndarray]]:
        """Return the batches of an epoch; in one group, as in memory, if all fits a buffer."""
        if _samples_of(table).size <= self._most:
            return [np.array_split(rng.permutation(len(table)), n_batches)]
        batches = np.array_split(_by_block(table["sample"].to_numpy(), rng), n_batches)
        # While one group is trained on, the next one is read.
        together = max(1, self._most // (2 * max(map(len, batches))))
        parts = [batches[first : first + together] for first in range(0, n_batches, together)]
        return [np.array_split(rng.permutation(np.concatenate(part)), len(part)) for part in parts]

    def load(self, table: pd.DataFrame, rows: np.ndarray) -> Expand:
        """Read the samples of some rows, unless these are those that were read last."""
        samples = _samples_of(table.iloc[rows])
        if not np.array_equal(samples, self._samples):
            self._samples, self._read = samples, lazy.read_rows(self._values, samples)
        return self._expand(table, samples, self._read)

    def _expand(self, table: pd.DataFrame, samples: np.ndarray, read: Any) -> Expand:
        def expand(chosen: np.ndarray) -> np.ndarray:
            part = table.iloc[chosen]
            own, other = (np.searchsorted(samples, part[key]) for key in ("sample", "neighbour"))
            mix = part["mix"].to_numpy()
            if self._finish is None and not mix.any():
                return np.asarray(dense(read[own]), dtype=np.float32)
            return mixtures(read, own, other, mix, finish=self._finish)

        return expand


def _samples_of(rows: pd.DataFrame) -> np.ndarray:
    """Return the samples that some rows need, in the order of the file."""
    mixed = rows["mix"].to_numpy() > 0
    return np.union1d(rows["sample"], rows["neighbour"][mixed])


def _by_block(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the rows of a table in an order in which neighbours of the file stay together.

    A sample that is repeated, because its class is small, has a row in many places of the
    order: its first rows are spread evenly over all blocks, then its second ones, and so on.
    """
    repeat = pd.Series(samples).groupby(samples).cumcount().to_numpy()
    block = samples // _BLOCK
    _, code = np.unique(repeat * (block.max() + 1) + block, return_inverse=True)
    drawn = rng.permutation(code.max() + 1)[code]
    order = np.lexsort((drawn, repeat))
    size = np.bincount(repeat)
    first = np.cumsum(size) - size
    place = np.empty(samples.size)
    place[order] = (np.arange(samples.size) - first[repeat[order]] + 0.5) / size[repeat[order]]
    return np.argsort(place, kind="stable")
