"""A model's input made from raw counts: one way for every verb that reads counts of new samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core.dense import blocks, dense
from tissueshap._core.scale import check_not_normalised

if TYPE_CHECKING:
    from tissueshap._core.counts import Counts
    from tissueshap.model._classifier import Classifier
    from tissueshap.model._identifiers import Matched


@dataclass(frozen=True)
class Prepared:
    """The model's input of samples with raw counts, of which a few are made at a time.

    Attributes
    ----------
    counts
        Their raw counts.
    model
        The classifier; its preparation is used.
    matched
        Where its genes are among those of the counts.
    """

    counts: Counts
    model: Classifier
    matched: Matched

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Return the input of some samples, float32, samples x the model's genes."""
        return self._of(dense(self.counts.values[rows]))

    def blocks(self, *, refuse: bool) -> Iterator[np.ndarray]:
        """Yield the input of a few samples at a time, and check it.

        Parameters
        ----------
        refuse
            Raise an error for samples on another scale than the training samples; False only
            warns of them.

        Raises
        ------
        DataError
            The counts are normalised already, or with `refuse` they are on another scale.
        """
        columns = np.arange(len(self.model.genes))
        for rows, block in blocks(self.counts.values):
            check_not_normalised(block.sum(axis=1, dtype=np.float64), self.counts.where)
            values = self._of(block)
            if self.model.scale is not None:
                self.model.scale.check(
                    values,
                    columns,
                    samples=self.counts.adata.obs_names[rows],
                    where=f"the counts in {self.counts.where}",
                    refuse=refuse,
                )
            yield values

    def whole(self, *, refuse: bool) -> np.ndarray:
        """Return the input of all samples, checked as by :meth:`blocks`."""
        parts = list(self.blocks(refuse=refuse))
        return np.concatenate(parts) if parts else self[:0]

    def columns(self) -> np.ndarray:
        """Return where the model's genes are in the AnnData of the counts, -1 for none.

        Of several columns of one gene, whose counts are added up, it is the first.
        """
        where = np.full(len(self.model.genes), -1)
        here = np.flatnonzero(self.matched.columns >= 0)[::-1]  # the first is written last
        # adata.raw may have genes that adata lacks.
        names = self.counts.var_names[here]
        where[self.matched.columns[here]] = self.counts.adata.var_names.get_indexer(names)
        return where

    def facts(self) -> dict[str, Any]:
        """Return what records say of the genes: how many lack, and how they were found."""
        return {
            "n_filled": int((~self.matched.found).sum()),
            "overlap": float(self.matched.found.mean()),
            "matched_by": list(self.matched.by),
        }

    def _of(self, counts: np.ndarray) -> np.ndarray:
        preparation = self.model.preparation
        assert preparation is not None
        return preparation.of_counts(counts, self.matched)


def prepare(counts: Counts, model: Classifier, *, min_overlap: float) -> Prepared:
    """Return a model's input of raw counts, as its training samples were prepared.

    Parameters
    ----------
    counts
        Samples x genes, from :func:`counts_for`.
    model
        The classifier.
    min_overlap
        Share of its genes that the counts must have.

    Raises
    ------
    DataError
        They have fewer of them.
    """
    preparation = model.preparation
    assert preparation is not None
    return Prepared(counts, model, preparation.match(counts, min_overlap=min_overlap))
