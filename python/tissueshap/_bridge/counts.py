"""Counts for R."""

from __future__ import annotations

import numpy as np
from anndata import AnnData

from tissueshap._bridge.convert import Matrix
from tissueshap._core.counts import Counts, check_counts
from tissueshap._core.settings import settings

#: Number of counts that R processes in less time than its workers need to start.
_FEW = 20_000_000
_INT32_MAX = np.iinfo(np.int32).max


def workers(adata: AnnData) -> int:
    """Return the number of processes among which R divides the counts."""
    return settings.cores if adata.n_obs * adata.n_vars > _FEW else 1


def checked(counts: Counts) -> Matrix:
    """Return raw counts for R, or raise if something is wrong with them.

    Returns
    -------
        The counts with their samples' and genes' names, integer where 32 bits suffice.

    Raises
    ------
    DataError
        If a value is missing, infinite, negative or fractional, or a sample has no
        counts at all; the message names gene, sample and value.
    """
    largest = check_counts(counts)
    return Matrix(
        counts.values,
        samples=list(counts.adata.obs_names),
        genes=list(counts.var.index),
        integer=largest <= _INT32_MAX,
    )
