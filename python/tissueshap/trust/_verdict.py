"""Rows of the table of trust: a value, that expected by chance, a threshold and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

HOLDS, FAILS, NOT_MEASURED = "holds", "fails", "not measured"


def agreement(chance: float, share: float) -> float:
    """Return the threshold of a measure that is 1 at identity, given its value by chance."""
    return chance + share * (1 - chance)


def above(value: float) -> float:
    """Return the threshold of a value that must exceed another one."""
    return float(np.nextafter(value, np.inf))


def more_than_none(values: np.ndarray, codes: np.ndarray, *, level: float) -> float:
    """Return the value above which a mean over classes is significantly larger than 0.

    The one-sided quantile of Student's t over the classes, because the samples of a class
    share its genes and are not independent. 0 if there is a single class.

    Parameters
    ----------
    values, codes
        One value per sample, (n,), and its class.
    level
        How often chance may exceed the value.
    """
    from scipy.stats import t

    _, member = np.unique(codes, return_inverse=True)
    means = np.bincount(member, weights=values) / np.bincount(member)
    if means.size < 2:
        return 0.0
    error = means.std(ddof=1) / np.sqrt(means.size)
    return float(error * t.ppf(1 - level, means.size - 1))


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table.

    Attributes
    ----------
    check
        Name of the check.
    question, measure
        In words.
    value, chance, threshold
        The measured value, the value expected by chance, and the threshold of the verdict.
    higher
        Whether a high value is good.
    reason
        What the reader should know about this value, or why there is none.

    Examples
    --------
    >>> row = ts.trust.Row(check="seeds", question="?", measure="index", value=0.8, threshold=0.4)
    >>> row.verdict
    'holds'
    """

    check: str
    question: str
    measure: str
    value: float = np.nan
    chance: float = np.nan
    threshold: float = np.nan
    higher: bool = True
    reason: str = ""

    @property
    def verdict(self) -> str:
        """``"holds"``, ``"fails"``, or ``"not measured"`` without a value."""
        if np.isnan(self.value):
            return NOT_MEASURED
        good = self.value >= self.threshold if self.higher else self.value <= self.threshold
        return HOLDS if good else FAILS


def summary(rows: Sequence[Row]) -> pd.DataFrame:
    """Return the rows as a table, with the column ``verdict``.

    Examples
    --------
    >>> row = ts.trust.Row(check="seeds", question="?", measure="index", value=0.8, threshold=0.4)
    >>> ts.trust.summary([row])["verdict"].tolist()
    ['holds']
    """
    table = pd.DataFrame([{**asdict(row), "verdict": row.verdict} for row in rows])
    return table[[*(name for name in table.columns if name != "reason"), "reason"]]
