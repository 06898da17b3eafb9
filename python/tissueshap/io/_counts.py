"""The contents of a file of counts, before samples are selected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.io._genes import gene_frame
from tissueshap.io._held import Held
from tissueshap.io._matrix import Matrix
from tissueshap.io._not_genes import gene_mask
from tissueshap.io._text import duplicates, first

#: Pooling twice by 2 x 2 leaves nothing of an image of fewer genes than this.
MIN_GENES = 4


@dataclass
class CountFile:
    """The contents of a file of counts.

    Attributes
    ----------
    path
        The file, for messages.
    samples, genes
        Identifiers in the file's order.
    matrix
        The numbers.
    gene_columns
        Other columns that describe genes.
    obs
        Columns that describe the samples, or None; the index is ``samples``.
    tpm
        Transcripts per million, samples x genes, if the file has them too.
    truth
        The markers of simulated data: ``gene``, ``class``, ``kind``.
    held_samples, held_genes
        Which of the samples and genes the matrices have; by default all.
    """

    path: Path
    samples: Sequence[str]
    genes: Sequence[str]
    matrix: Matrix
    gene_columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    obs: pd.DataFrame | None = None
    tpm: np.ndarray | None = None
    truth: pd.DataFrame | None = None
    held_samples: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))
    held_genes: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=bool))

    def __post_init__(self) -> None:
        if not self.held_samples.size:
            self.held_samples = np.ones(len(self.samples), dtype=bool)
        if not self.held_genes.size:
            self.held_genes = np.ones(len(self.genes), dtype=bool)

    def drop_non_genes(self) -> None:
        """Drop counters, spike-ins and other features, and warn of them."""
        keep = gene_mask(self.genes, self.gene_columns, self.path)
        if keep.all():
            return
        at = np.flatnonzero(keep).tolist()
        self._drop(keep[self.held_genes])
        self.genes = [self.genes[i] for i in at]
        self.gene_columns = {name: [c[i] for i in at] for name, c in self.gene_columns.items()}
        self.held_genes = self.held_genes[keep]

    def hold(self, held: Held) -> None:
        """Drop the values of genes that are not expressed, if they have not been left out."""
        if held.expressed is None or not self.held_genes.all():
            return
        has = self.matrix.genes_with(held.expressed, held.samples[self.held_samples])
        self._drop(has)
        self.held_genes[self.held_genes] = has

    def _drop(self, keep: np.ndarray) -> None:
        self.matrix.drop_genes(keep)
        if self.tpm is not None:
            self.tpm = self.tpm[:, keep]

    def check(self) -> None:
        """Raise if identifiers are not unique, or if there are too few genes or samples."""
        for what, names in (("gene", self.genes), ("sample", self.samples)):
            twice = duplicates(names)
            if twice:
                raise DataError(
                    f"{self.path} has {len(twice):,} {what}s more than once ({first(twice)}): "
                    f"add them up or rename them, so that each {what} has one row or column"
                )
        if len(self.genes) < MIN_GENES:
            raise DataError(
                f"{self.path} has {len(self.genes)} genes ({first(self.genes)}), at least "
                f"{MIN_GENES} are needed: check that it is the right file, and that "
                "orient='genes-in-rows' or 'genes-in-columns' is right"
            )
        if not len(self.samples):
            raise DataError(f"{self.path} has no samples: is it the right file?")

    def var(self) -> pd.DataFrame:
        """Return ``var``, one row per gene that is held."""
        return gene_frame(self.genes, dict(self.gene_columns))[self.held_genes].copy()
