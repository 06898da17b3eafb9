"""Similarity of the selected genes when something that should not matter is changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tissueshap._core.selection import orders, top
from tissueshap.trust._agreement import jaccard, rank_biased_overlap
from tissueshap.trust._ranking import by_class
from tissueshap.trust._set_stability import kuncheva, nogueira

#: Weight of the ranks in the rank-biased overlap: the first ten have 86 % of it
#: (Webber et al. 2010), about the number of genes per class that a reader looks at.
RBO_P = 0.9


def pairs(scores: Sequence[np.ndarray], n_ranks: int) -> pd.DataFrame:
    """Compare several scorings of the same genes pairwise.

    Parameters
    ----------
    scores
        Each genes x classes, NaN for a class that is not scored.
    n_ranks
        Genes that are selected of each class.

    Returns
    -------
    One row per pair and class scored in both: ``first``, ``second`` (positions in `scores`),
    ``code`` (the class), ``jaccard``, ``rbo``.
    """
    rows = []
    for i, j in itertools.combinations(range(len(scores)), 2):
        rows += [{"first": i, "second": j, **row} for row in _pair(scores[i], scores[j], n_ranks)]
    return pd.DataFrame(rows, columns=["first", "second", "code", "jaccard", "rbo"])


def in_pairs(scores: Sequence[np.ndarray], n_ranks: int) -> pd.DataFrame:
    """Compare the first scoring with the second, the third with the fourth, and so on.

    Draws of one set of samples are compared in pairs that have nothing in common.

    Parameters
    ----------
    scores
        An even number, each genes x classes.
    n_ranks
        Genes that are selected of each class.

    Returns
    -------
    As :func:`pairs` returns them, numbered from 1.
    """
    parts = []
    for number in range(len(scores) // 2):
        part = pairs(scores[2 * number : 2 * number + 2], n_ranks)
        parts.append(part.assign(first=2 * number + 1, second=2 * number + 2))
    return pd.concat(parts, ignore_index=True)


def against(own: np.ndarray, others: Sequence[np.ndarray], n_ranks: int) -> pd.DataFrame:
    """Compare one scoring of the genes with each of some others, as :func:`pairs` does.

    The others are not compared with each other: they may agree although the first is wrong.

    Parameters
    ----------
    own
        Genes x classes, number 0 in the table.
    others
        Each genes x classes, numbered from 1.
    n_ranks
        Genes that are selected of each class.
    """
    rows = [
        {"first": 0, "second": number, **row}
        for number, other in enumerate(others, start=1)
        for row in _pair(own, other, n_ranks)
    ]
    return pd.DataFrame(rows, columns=["first", "second", "code", "jaccard", "rbo"])


def indices(scores: Sequence[np.ndarray], n_ranks: int) -> pd.DataFrame:
    """Return how stable the genes of each class are over several scorings, and those of all.

    Parameters
    ----------
    scores
        Each genes x classes, NaN for a class that is not scored.
    n_ranks
        Genes that are selected of each class.

    Returns
    -------
    ``code`` (the class, -1 for the pairs of gene and class of all), ``n_sets``, ``nogueira``
    with ``low`` and ``high``, ``kuncheva``; only classes that all scorings have.
    """
    sets = np.stack([top(each, n_ranks) for each in scores])
    scored = sets.any(axis=1).all(axis=0)
    rows = [(-1, sets[:, :, scored].reshape(len(sets), -1))] if scored.any() else []
    rows += [(int(code), sets[:, :, code]) for code in np.flatnonzero(scored)]
    records = []
    for code, chosen in rows:
        found = nogueira(chosen)
        same = np.ptp(chosen.sum(axis=1)) == 0
        records.append(
            {
                "code": code,
                "n_sets": len(chosen),
                "nogueira": found.index,
                "low": found.low,
                "high": found.high,
                "kuncheva": kuncheva(chosen) if same else np.nan,
            }
        )
    return pd.DataFrame(records, columns=["code", "n_sets", "nogueira", "low", "high", "kuncheva"])


def _pair(first: np.ndarray, second: np.ndarray, n_ranks: int) -> Iterator[dict[str, float]]:
    chosen, order = (top(first, n_ranks), top(second, n_ranks)), (orders(first), orders(second))
    both = ~(np.isnan(first).all(axis=0) | np.isnan(second).all(axis=0))
    scored = np.minimum((~np.isnan(first)).sum(axis=0), (~np.isnan(second)).sum(axis=0))
    for code in np.flatnonzero(both):
        depth = min(n_ranks, int(scored[code]))
        yield {
            "code": int(code),
            "jaccard": jaccard(chosen[0][:, code], chosen[1][:, code]),
            "rbo": rank_biased_overlap(order[0][:depth, code], order[1][:depth, code], p=RBO_P),
        }


def bootstrapped(
    values: np.ndarray,
    codes: np.ndarray,
    n_classes: int,
    *,
    n_boot: int,
    seed: int,
    statistic: str = "median",
) -> Iterator[np.ndarray]:
    """Draw the samples of each class again, with replacement, and score the genes again.

    Parameters
    ----------
    values
        SHAP values, samples x genes.
    codes
        Each sample's class.
    n_classes
        Number of classes.
    n_boot
        Number of draws.
    seed
        Seed of the draws.
    statistic
        Statistic of a class's samples, as in :func:`by_class`.

    Yields
    ------
    The statistic, genes x classes.
    """
    members = [np.flatnonzero(codes == code) for code in range(n_classes)]
    for number in range(n_boot):
        rng = np.random.default_rng([seed, number])
        rows = np.concatenate([rng.choice(own, own.size) for own in members if own.size])
        yield by_class(values[rows], codes[rows], n_classes, statistic=statistic)
