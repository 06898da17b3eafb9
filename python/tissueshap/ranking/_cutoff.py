"""How many ranks of each class to select, from the values that rank the genes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number

_METHODS = ("peak", "unique_fraction", "top_n", "elbow", "permutation_fdr")


def ranks_to_take(
    curve: pd.DataFrame,
    values: np.ndarray,
    method: str,
    *,
    threshold: float | None,
    n_top: int | None,
    fdr: float,
) -> int:
    """Return how many ranks a rule of ``tl.select_genes`` selects.

    Parameters
    ----------
    curve
        As ``unique_curve`` returns it, with the column ``fdr`` if values are signed.
    values
        Genes x classes, the highest the best; NaN for genes that are not ranked.
    method, threshold, n_top, fdr
        As for ``tl.select_genes``.

    Raises
    ------
    DataError
        The rule is unknown, or its number is invalid.
    """
    check_choice("method", method, _METHODS)
    most = len(curve)
    if method == "top_n":
        check_number("n_top", n_top, low=1, integer=True)
        return min(int(n_top or 1), most)
    if n_top is not None:
        raise DataError(f"n_top={n_top} is for method='top_n', not for method={method!r}")
    if method == "elbow":
        return min(elbow(values), most)
    if method == "permutation_fdr":
        return _below(curve, fdr)
    if threshold is None or not 0 < threshold < 1:
        raise DataError(f"threshold must be above 0 and below 1, not {threshold}")
    if method == "peak":
        return min(peak(values, threshold), most)
    n_ranks = above(curve, threshold)
    if n_ranks == 0:
        logger.warning(
            "the first rank already has only %.0f %% unique genes: only this rank is selected",
            100 * curve["unique_fraction"].iloc[0],
        )
    return max(1, n_ranks)


def above(curve: pd.DataFrame, share: float) -> int:
    """Return the number of ranks before the share of unique genes first falls to this."""
    crossed = np.flatnonzero(curve["unique_fraction"].to_numpy() <= share)
    return int(crossed[0]) if crossed.size else len(curve)


def _below(curve: pd.DataFrame, fdr: float) -> int:
    """Return how many ranks keep the estimated false discovery rate."""
    if not 0 < fdr < 1:
        raise DataError(f"fdr must be above 0 and below 1, not {fdr}")
    if "fdr" not in curve:
        raise DataError(
            "method='permutation_fdr' flips signs, but no value is negative: rank by a signed "
            "statistic, ts.tl.rank_genes(adata, statistic='median')"
        )
    number = int((curve["fdr"] <= fdr).sum())
    if not number:
        raise DataError(
            f"no rank keeps a false discovery rate of {fdr}: the lowest is "
            f"{curve['fdr'].min():.3f}; raise fdr, or choose another method"
        )
    return number


def peak(values: np.ndarray, share: float) -> int:
    """Return how many ranks have at least a share of the highest value, at least 1.

    Parameters
    ----------
    values
        Genes x classes, the highest the best; NaN for genes that are not ranked.
    share
        The share of the highest value; the values of each class are sorted, divided by its
        highest and averaged over the classes.
    """
    return max(1, int((_mean_curve(values) >= share).sum()))


def elbow(values: np.ndarray) -> int:
    """Return how many ranks come before the elbow of the values.

    The values of each class, sorted and divided by its highest, are averaged over the
    classes. The curve is divided where two groups with different means and the same variance
    are most likely (profile likelihood: Zhu and Ghodsi, Computational Statistics & Data
    Analysis 51:918, 2006). Unlike the point farthest from the curve's chord, this does not
    depend on the number of genes without value that follow; if the values fall slowly, many
    ranks come before it.

    Parameters
    ----------
    values
        Genes x classes, the highest the best; NaN for genes that are not ranked.
    """
    mean = _mean_curve(values)
    number = np.arange(1, len(mean))
    first, total = mean.cumsum()[:-1], mean.sum()
    # With one variance, the likelihood is highest where the group means differ most.
    between = np.square(first) / number + np.square(total - first) / (len(mean) - number)
    return int(number[between.argmax()])


def mirrored_fdr(values: np.ndarray) -> np.ndarray:
    """Return the estimated false discovery rate of the top n ranks of all classes, for each n.

    Under the null hypothesis, the values of a gene have no direction: with flipped signs it
    would rank as high. Each gene that ranks among the top n of a class with its sign flipped
    therefore counts as a false discovery (Barber and Candès, Annals of Statistics 43:2055,
    2015, with their correction of 1). The rates are made monotone, like q-values.

    Parameters
    ----------
    values
        Genes x classes, signed; NaN for genes that are not ranked.

    Returns
    -------
    (ranks,), for the top 1, 2, ... ranks.
    """
    sorted_values = _falling(values)
    n_ranks, n_classes = sorted_values.shape
    false = np.zeros(n_ranks)
    for code in range(n_classes):
        column = sorted_values[:, code]
        flipped = np.sort(-column[~np.isnan(column)])
        # A value at or below 0 is not a discovery: the genes that rank there are all false.
        threshold = np.nan_to_num(column, nan=-np.inf)
        false += flipped.size - np.searchsorted(flipped, threshold, side="left")
    called = np.arange(1, n_ranks + 1) * n_classes
    rate = np.minimum((1 + false) / called, 1.0)
    return np.minimum.accumulate(rate[::-1])[::-1]


def _mean_curve(values: np.ndarray) -> np.ndarray:
    """Return the values by rank, divided by each class's highest, averaged over the classes."""
    curve = np.nan_to_num(_falling(values), nan=0.0)
    highest = np.where(curve[0] > 0, curve[0], 1.0)
    return np.asarray(np.maximum(curve / highest, 0.0).mean(axis=1))


def _falling(values: np.ndarray) -> np.ndarray:
    """Return each column sorted, the highest first, NaN last."""
    return -np.sort(-values, axis=0)
