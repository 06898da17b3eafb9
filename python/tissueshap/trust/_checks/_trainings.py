"""Rankings of the genes by networks of several trainings, and how they are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tissueshap.trust import _stability


@dataclass(frozen=True)
class Trainings:
    """What networks of several trainings rank the genes by.

    Attributes
    ----------
    scores
        Of each network, genes x classes.
    what
        What is compared, in words.
    among_all
        Whether each two networks are compared; otherwise the first with each of the others.
    """

    scores: list[np.ndarray]
    what: str
    among_all: bool

    def pairs(self, n_ranks: int, scores: Sequence[np.ndarray] | None = None) -> pd.DataFrame:
        """Return how alike the networks' lists are, as ``_stability.pairs`` does.

        Parameters
        ----------
        n_ranks
            Genes, or modules, that are selected of each class.
        scores
            What is ranked, if not the genes.
        """
        ranked = self.scores if scores is None else scores
        if self.among_all:
            return _stability.pairs(ranked, n_ranks)
        return _stability.against(ranked[0], ranked[1:], n_ranks)
