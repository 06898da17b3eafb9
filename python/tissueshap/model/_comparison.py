"""Comparison of a cohort's samples with the distribution of the training samples.

The thresholds were chosen with real cohorts, which must pass, and with the same cohorts after
each mistake: ``tests/python/model/test_input_scale.py`` has both.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap._core.dense import blocks
from tissueshap.model._distribution import Distribution, log_total

#: Share of a sample's values outside their gene's range in training. Other laboratories and
#: other tissues reach 0.4 in single samples; a missing shift or log1p of CP10k gives at
#: least 0.6.
_OUTSIDE = (0.45, 0.65)
#: Difference of log2 total expression from the range of the training samples.
_TOTAL = (1.25, 2.5)
#: Share of values below every training value.
_BELOW = 0.02


class Comparison:
    """A cohort's samples compared with the training samples.

    Attributes
    ----------
    outside, excess
        For each sample: the share of values outside their gene's range, and the distance of
        log2 of its total from the range of the training samples.
    median
        Difference of a gene from its training mean, median over genes and samples.
    unusual, clear
        Samples for which one of the two is above the first or the second threshold.
    floor_fact
        What is wrong with the lowest values, or "".
    """

    def __init__(self, trained: Distribution, values: Any, columns: np.ndarray) -> None:
        genes = np.flatnonzero(columns >= 0)
        mean, margin = trained.mean[genes], _margin(trained.sd)
        low, high = trained.low[genes] - margin, trained.high[genes] + margin
        least, _, most = trained.totals
        # What the missing genes would add to the total.
        lack = float(log_total(trained.mean[None])[0] - log_total(mean[None])[0])
        parts = []
        for _, block in blocks(values):
            x = np.asarray(block[:, columns[genes]], dtype=np.float64)
            if trained.by_sample:
                x = _standardised(x) * trained.spread + trained.centre
            total = log_total(x) + lack
            lowest = x.min(axis=1)
            parts.append(
                np.stack(
                    [
                        ((x < low) | (x > high)).mean(axis=1),
                        np.maximum(np.maximum(least - total, total - most), 0),
                        np.median(x - mean, axis=1),
                        (x < trained.floor - margin / 2).mean(axis=1),
                        lowest,
                        (x == lowest[:, None]).sum(axis=1),
                    ]
                )
            )
        self.outside, self.excess, middle, below, lowest, at_lowest = np.concatenate(parts, axis=1)
        self.median = float(np.median(middle))
        slack = (most - least) / 2
        self.unusual, self.clear = (
            (self.outside >= share) | (self.excess >= total + slack)
            for share, total in zip(_OUTSIDE, _TOTAL, strict=True)
        )
        self.floor_fact = _floor_fact(
            trained,
            float(below.mean()),
            lowest,
            at_lowest,
            margin=margin,
            n_genes=genes.size,
        )

    @property
    def typical(self) -> int:
        """State of the median sample: 0 as in training, 1 unusual, 2 on another scale."""
        return int(np.median(self.unusual.astype(int) + self.clear))

    def facts(self) -> str:
        """Return what is unusual about the median sample, in words."""
        side = "higher" if self.median > 0 else "lower"
        return (
            f"the median gene is {abs(self.median):.3g} {side}, and in the median sample "
            f"{np.median(self.outside):.0%} of the values are outside their gene's range"
        )


def _floor_fact(
    trained: Distribution,
    below: float,
    lowest: np.ndarray,
    at_lowest: np.ndarray,
    *,
    margin: float,
    n_genes: int,
) -> str:
    """Return what is wrong with the lowest values, which unexpressed genes share."""
    if trained.by_sample or trained.floor_share < 1e-3:
        return ""
    if below > _BELOW:
        return f"{below:.1%} of the values are below {trained.floor:.3g}, the lowest in training"
    floor = float(np.median(lowest))
    # One count gives a different value in each sample, no count the same in all.
    shared = lowest.size >= 3 and np.ptp(lowest) < 1e-3
    if shared and np.median(at_lowest) >= max(3, n_genes / 1000) and floor > trained.floor + margin:
        return f"the lowest value is {floor:.3g}, and {trained.floor:.3g} in training"
    return ""


def _margin(sd: np.ndarray) -> float:
    """Return how far values may be outside their range: two typical standard deviations."""
    varying = sd[sd > 0]
    return max(2 * float(np.median(varying)) if varying.size else 0.0, 1e-3)


def _standardised(x: np.ndarray) -> np.ndarray:
    sd = x.std(axis=1, keepdims=True)
    return np.asarray((x - x.mean(axis=1, keepdims=True)) / np.where(sd > 0, sd, 1))
