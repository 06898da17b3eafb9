"""Which samples and genes of a file of counts are held in memory.

Rows are selected while the file is read, so that a table of 56,000 genes and 17,000 samples
takes the memory of what is used of it. All names are kept: whether identifiers are unique, what
a column means and which samples are unknown is decided by the whole file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap.io import _rules
from tissueshap.io._classes import classes_left
from tissueshap.io._samples import SampleTable

#: Share of the smallest class in which a gene needs its reads, as in ``pp.filter_genes``.
_SHARE = 0.95


@dataclass(frozen=True)
class Expressed:
    """The genes that have at least ``reads`` reads in more than ``samples`` samples."""

    reads: float
    samples: int

    def has(self, values: np.ndarray) -> bool:
        """Return whether a gene is one of them, by its reads in the samples that are held."""
        return int(np.count_nonzero(values >= self.reads)) > self.samples


@dataclass(frozen=True)
class Held:
    """What is held: samples (a mask of the file's), and of genes all or those expressed."""

    samples: np.ndarray
    expressed: Expressed | None = None


#: Decides what is held, by the names of a file's samples and its own columns about them.
Choose = Callable[[Sequence[str], "pd.DataFrame | None"], Held]


def everything(names: Sequence[str], own: pd.DataFrame | None) -> Held:
    """Hold all samples and genes."""
    return Held(np.ones(len(names), dtype=bool))


@dataclass(frozen=True)
class Choice:
    """Samples with a row in the samples table and a class that is kept, and expressed genes.

    Attributes
    ----------
    path
        The file of counts, for messages.
    table
        The samples table, or None: the file's columns are used.
    label, exclude, min_class_size, min_reads, min_samples
        As for ``io.read_counts``.
    empty
        Samples without any count, which do not count for the size of a class.
    """

    path: Path
    table: SampleTable | None
    label: str | None
    exclude: Sequence[str] = ()
    min_class_size: int = 0
    min_reads: float | None = None
    min_samples: int | None = None
    empty: frozenset[str] = field(default=frozenset())

    def of(self, names: Sequence[str], own: pd.DataFrame | None) -> Held:
        """Return what is held; everything, where ``io.read_counts`` will find a fault."""
        matched = None if self.table is None else self.table.rows_of(names)[1]
        obs = joined(self.path, names, own, matched)
        mask = pd.Index(names).isin(obs.index)
        smallest = 0
        label = None if self.label is None else schema.plain_name(self.label)
        if label in obs:
            classes = _rules.as_text(obs[label].astype(object)).dropna()
            sizes = classes[~classes.index.isin(self.empty)].value_counts()
            left = sizes[classes_left(sizes, self.exclude, self.min_class_size)]
            mask &= ~pd.Index(names).isin(classes.index[~classes.isin(left.index)])
            smallest = int(left.min()) if len(left) else 0
        if not mask.any():
            mask[:] = True
        return Held(mask, self._expressed(smallest))

    def _expressed(self, smallest: int) -> Expressed | None:
        if self.min_reads is None:
            return None
        n = int(_SHARE * smallest) if self.min_samples is None else self.min_samples
        return Expressed(self.min_reads, n)


def joined(
    path: Path, names: Sequence[str], own: pd.DataFrame | None, matched: pd.DataFrame | None
) -> pd.DataFrame:
    """Return the columns of the samples; those of the samples table take precedence."""
    if own is None:
        own = pd.DataFrame(index=pd.Index(names))
    else:
        own = _rules.tidy(own, f"{path}, obs,")
    if matched is None:
        return own
    rest = own.drop(columns=[name for name in own.columns if name in matched.columns])
    return matched.join(rest)
