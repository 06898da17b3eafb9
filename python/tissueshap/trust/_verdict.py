"""Rows of the table of trust: a value, that expected by chance, a threshold and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

HOLDS, FAILS, NOT_MEASURED = "holds", "fails", "not measured"

#: Median relative error of the sum of a sample's values. An error of 2 % changes no rank
#: that a reader would act on; 200 stratified draws of a trained network stay below it.
COMPLETENESS = 0.02
#: Area between the curves of SHAP genes and of random ones, at most 1. A tenth corresponds to
#: a model that loses its class after 2.5 times fewer genes (of 10,000).
GAIN = 0.1
#: Rank correlation, beyond chance, with the values of a network whose weights are all
#: random. Adebayo et al. (2018) call an explanation sensitive if nothing of it remains; 0.1
#: is 1 % of the ranks' variance. Chance alone gives 0.1 among 59 genes.
RANDOMISED = 0.1
#: Agreement of two selections, from chance (0) to identity (1). If almost nothing is shared by
#: chance, a Jaccard index of 0.5 means that both share two thirds of each selection, and a
#: rank-biased overlap of 0.5 that the genes which a reader looks at agree more than they
#: differ. Random halves of all genes have an index of 0.33; the threshold is then 0.67.
AGREEMENT = 0.5
#: The same for networks trained again, with other seeds or samples. Correlated genes can
#: replace each other, so two equally good networks differ more than two explanations of one.
#: An index of 1/3 means that both lists share half of their genes.
RETRAINED = 1 / 3
#: Loss of agreement that is allowed for other layouts, beyond that of another training.
LAYOUT = 0.05
#: A selected gene stands out in its class if it does so more than this share of the genes of
#: similar expression. One in ten random genes does.
STANDS_OUT = 0.9
#: Share of the selected genes that are planted markers, and of the exclusive markers that
#: are selected: required of the default preset on the simulated compendium.
PRECISION, RECALL = 0.8, 0.9
#: Difference in macro F1 up to which SHAP counts as being as good as the best simple method:
#: that of one test sample in a hundred, or of one sample if there are fewer.
TIE = 0.01
#: Empirical p-value of the V-measure among random gene sets: the usual level.
NULL_PVALUE = 0.05


def agreement(chance: float, share: float = AGREEMENT) -> float:
    """Return the threshold of a measure that is 1 at identity, given its value by chance."""
    return chance + share * (1 - chance)


def more_than_none(values: np.ndarray, codes: np.ndarray) -> float:
    """Return the value above which a mean over classes is significantly larger than 0.

    The one-sided 5 % quantile of Student's t over the classes, because the samples of a class
    share its genes and are not independent. 0 if there is a single class.

    Parameters
    ----------
    values, codes
        One value per sample, (n,), and its class.
    """
    from scipy.stats import t

    _, member = np.unique(codes, return_inverse=True)
    means = np.bincount(member, weights=values) / np.bincount(member)
    if means.size < 2:
        return 0.0
    error = means.std(ddof=1) / np.sqrt(means.size)
    return float(error * t.ppf(0.95, means.size - 1))


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
