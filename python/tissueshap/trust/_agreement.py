"""Agreement of two rankings of the same genes, and the agreement expected by chance."""

from __future__ import annotations

import numpy as np


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    """Return the size of the intersection over that of the union; NaN for two empty sets.

    Parameters
    ----------
    first, second
        Which items are in each set, booleans of one shape.

    Examples
    --------
    >>> ts.trust.jaccard(np.array([True, True, False]), np.array([True, False, False]))
    0.5
    """
    union = int((first | second).sum())
    return float((first & second).sum() / union) if union else float("nan")


def jaccard_by_chance(n_chosen: int, n_genes: int) -> float:
    """Return the mean Jaccard index of two random sets of the same size.

    The size of the intersection is hypergeometric; the mean is over its distribution.

    Parameters
    ----------
    n_chosen
        Genes in each set.
    n_genes
        Genes that they are drawn from.

    Examples
    --------
    >>> round(ts.trust.jaccard_by_chance(10, 100), 3)
    0.055
    """
    from scipy.stats import hypergeom

    shared = np.arange(max(0, 2 * n_chosen - n_genes), n_chosen + 1)
    chance = hypergeom.pmf(shared, n_genes, n_chosen, n_chosen)
    return float((chance * shared / (2 * n_chosen - shared)).sum())


def rank_biased_overlap(first: np.ndarray, second: np.ndarray, *, p: float) -> float:
    """Return the extrapolated rank-biased overlap of two lists of the same length.

    Webber et al., ACM Transactions on Information Systems 28:20 (2010), equation 32: the
    agreement at depth d (the number of items among the first d of both lists, over d)
    weighted by p**d, and assumed constant beyond the end of the lists.

    Parameters
    ----------
    first, second
        Items, the best first, each once; lists of the same length.
    p
        Between 0 and 1: the higher, the more the deeper ranks count.

    Examples
    --------
    >>> ts.trust.rank_biased_overlap(np.array([3, 1, 2]), np.array([3, 1, 2]), p=0.9)
    1.0
    """
    depth = np.arange(1, len(first) + 1)
    at = {item: place for place, item in enumerate(second.tolist())}
    last = np.asarray(
        [max(place, at.get(item, len(first))) for place, item in enumerate(first.tolist())]
    )
    shared = np.bincount(last, minlength=len(first) + 1)[: len(first)].cumsum()
    return _extrapolated(shared / depth, p)


def rank_biased_overlap_by_chance(depth: int, n_genes: int, *, p: float) -> float:
    """Return the mean rank-biased overlap of two random rankings, down to a depth.

    Of the first d of one, a share d / n_genes is among the first d of the other.

    Examples
    --------
    >>> round(ts.trust.rank_biased_overlap_by_chance(10, 100, p=0.9), 3)
    0.065
    """
    return _extrapolated(np.arange(1, depth + 1) / n_genes, p)


def _extrapolated(agreement: np.ndarray, p: float) -> float:
    weights = p ** np.arange(1, len(agreement) + 1)
    return float((1 - p) / p * (agreement * weights).sum() + agreement[-1] * weights[-1])


def spearman(first: np.ndarray, second: np.ndarray) -> float:
    """Return the rank correlation of two vectors; 0 if one of them is constant.

    Constant values do not rank anything, so they do not agree with any ranking.

    Examples
    --------
    >>> round(ts.trust.spearman(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 90.0])), 3)
    1.0
    """
    from scipy.stats import rankdata

    ranks = np.stack([rankdata(first), rankdata(second)])
    ranks -= ranks.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(ranks).sum(axis=1)).prod()
    return float((ranks[0] * ranks[1]).sum() / size) if size > 0 else 0.0
