"""Scores against markers that are known because they were planted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tissueshap._core.selection import orders, top


def planted(
    truth: pd.DataFrame, genes: pd.Index, classes: list[str]
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Return which genes are planted for which class, by kind.

    Parameters
    ----------
    truth
        ``gene``, ``class``, ``kind``: one row per marker and class.
    genes, classes
        Names of rows and columns.

    Returns
    -------
    Booleans, genes x classes, by kind; and the number planted of each kind, including markers
    that are not in `genes`: a filter that dropped them has missed them.
    """
    masks, numbers = {}, {}
    for kind, markers in truth.astype({"gene": str, "class": str}).groupby("kind", sort=True):
        row = genes.get_indexer(pd.Index(markers["gene"]))
        column = pd.Index(classes).get_indexer(pd.Index(markers["class"]))
        known = (row >= 0) & (column >= 0)
        mask = np.zeros((len(genes), len(classes)), dtype=bool)
        mask[row[known], column[known]] = True
        masks[str(kind)] = mask
        numbers[str(kind)] = int((column >= 0).sum())
    return masks, numbers


def score(
    scores: Mapping[str, np.ndarray],
    masks: Mapping[str, np.ndarray],
    numbers: Mapping[str, int],
    n_ranks: int,
) -> pd.DataFrame:
    """Compare methods with the planted markers, all with the same number of genes per class.

    Parameters
    ----------
    scores
        By method: genes x classes, the highest first.
    masks, numbers
        As :func:`planted` returns them.
    n_ranks
        Number of genes per class that a method calls.

    Returns
    -------
    One row per method and kind, and one for ``"any"``: ``method``, ``kind``, ``n_planted``,
    ``n_found``, ``recall``, ``n_called``, ``precision`` (share of the calls, pairs of gene
    and class, that are planted markers of the kind), ``average_precision`` (of the whole
    ranking without the markers of other kinds, mean over the classes; it needs no cut-off).
    """
    rows = []
    anything = np.any(list(masks.values()), axis=0)
    kinds = {**masks, "any": anything}
    totals = {**numbers, "any": sum(numbers.values())}
    for method, values in scores.items():
        called = top(values, n_ranks)
        for kind, mask in kinds.items():
            hits = int((called & mask).sum())
            rows.append(
                {
                    "method": method,
                    "kind": kind,
                    "n_planted": totals[kind],
                    "n_found": hits,
                    "recall": hits / totals[kind] if totals[kind] else np.nan,
                    "n_called": int(called.sum()),
                    "precision": hits / called.sum() if called.any() else np.nan,
                    "average_precision": _average_precision(values, mask, anything & ~mask),
                }
            )
    return pd.DataFrame(rows)


def _average_precision(values: np.ndarray, mask: np.ndarray, other: np.ndarray) -> float:
    averages = []
    for code in range(values.shape[1]):
        allowed = ~other[:, code]
        if not mask[allowed, code].any():
            continue
        # Genes without a score count as missed, because they are not in the ranking.
        scored = allowed & ~np.isnan(values[:, code])
        hit = mask[scored, code][orders(values[scored, code])]
        precision = (hit.cumsum() / np.arange(1, hit.size + 1))[hit]
        averages.append(precision.sum() / mask[allowed, code].sum())
    return float(np.mean(averages)) if averages else float("nan")
