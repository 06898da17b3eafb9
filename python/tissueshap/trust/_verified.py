"""How deep a class's ranking can be read, given the variation of its values.

The values of a sample vary with the sample and, because they are estimated by draws of their
own, with these draws: the differences between samples hold both errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tissueshap._core.selection import orders

#: Probability that any statement about a class is wrong.
LEVEL = 0.05
#: Samples below which no variance is trusted.
LEAST_SAMPLES = 3
#: Ranks that are looked at: nobody reads further.
_DEEPEST = 100


@dataclass(frozen=True)
class Verified:
    """What can be said of a class's ranking.

    Attributes
    ----------
    n_ordered
        The first genes whose order is reliable: each has a higher mean value than all that
        follow.
    within
        All selected genes belong to the first so many of the true ranking.

    Examples
    --------
    >>> values = np.array([[9.0, 5.0, 1.0], [9.2, 5.1, 1.1], [8.9, 4.9, 0.9], [9.1, 5.0, 1.0]])
    >>> ts.trust.verified_ranks(values, n_ranks=2)
    Verified(n_ordered=3, within=2)
    """

    n_ordered: int
    within: int


def verified_ranks(
    values: np.ndarray, *, n_ranks: int, scores: np.ndarray | None = None
) -> Verified | None:
    """Return how far a ranking of genes by their values can be relied on.

    Order: the gene of rank k is compared with every gene below it by a paired t test over the
    samples (two-sided, 5 %), from the first rank down to the first one that fails. Without a
    correction for the ranks the probability of any wrong statement is at most 5 % (Hung and
    Fithian, Annals of Statistics 47:758, 2019; Goldwasser and Hooker, arXiv:2401.15800).

    Membership: t intervals of all genes' means that hold together (Bonferroni) give each gene
    the deepest rank that it can have: as many genes may be above it as have an interval that
    ends above the start of its own.

    Parameters
    ----------
    values
        A class's samples x genes.
    n_ranks
        Number of genes that are selected.
    scores
        What ranks the genes, (genes,); by default their means. An order that the means
        contradict is not verified.

    Returns
    -------
    None for fewer than three samples.

    Examples
    --------
    >>> values = np.array([[9.0, 5.0, 1.0], [9.2, 5.1, 1.1], [8.9, 4.9, 0.9], [9.1, 5.0, 1.0]])
    >>> ts.trust.verified_ranks(values, n_ranks=2).n_ordered
    3
    """
    if len(values) < LEAST_SAMPLES:
        return None
    values = np.asarray(values, dtype=np.float64)
    means = values.mean(axis=0)
    order = orders((means if scores is None else scores)[:, None])[:, 0]
    return Verified(_n_ordered(values, order), _within(values, means, order[:n_ranks]))


def _n_ordered(values: np.ndarray, order: np.ndarray) -> int:
    from scipy.stats import t

    n_samples, n_genes = (int(size) for size in values.shape)
    enough = float(t.ppf(1 - LEVEL / 2, n_samples - 1))
    ranked = values[:, order]
    deepest = min(n_genes - 1, _DEEPEST)
    for rank in range(deepest):
        difference = ranked[:, [rank]] - ranked[:, rank + 1 :]
        error = difference.std(axis=0, ddof=1) / np.sqrt(n_samples)
        if (difference.mean(axis=0) <= enough * error).any():
            return rank
    # The last gene has none below it: its place follows from the others'.
    return n_genes if deepest == n_genes - 1 else deepest


def _within(values: np.ndarray, means: np.ndarray, chosen: np.ndarray) -> int:
    from scipy.stats import t

    n_samples, n_genes = values.shape
    error = values.std(axis=0, ddof=1) / np.sqrt(n_samples)
    reach = float(t.ppf(1 - LEVEL / (2 * n_genes), n_samples - 1)) * error
    lowest = (means - reach)[chosen].min()
    above = means + reach > lowest
    above[chosen] = True
    return int(above.sum())
