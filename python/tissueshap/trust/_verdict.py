"""Rows of the table of trust: a figure, what chance gives, a threshold and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

HOLDS, FAILS, NOT_MEASURED = "holds", "fails", "not measured"

#: Median relative error of the sum of a sample's values. An error of 2 % changes no rank
#: that a reader would act on; 200 stratified draws of a trained network stay below it.
COMPLETENESS = 0.02
#: Area between the curves of SHAP genes and of random ones, of 1. A tenth of the area is
#: the gap of a model that loses its class 2.5 times (of 10,000 genes) earlier.
GAIN = 0.1
#: Rank correlation, beyond chance, with the values of a network whose weights are all
#: random: Adebayo et al. (2018) call an explanation sensitive when nothing of it is left;
#: 0.1 is 1 % of the ranks' variance. Beyond chance, which is 0.1 itself among 59 genes.
RANDOMISED = 0.1
#: Agreement of two selections, from chance (0) to identity (1). Where chance shares next to
#: nothing, a Jaccard index of 0.5 is two thirds of each selection in both, and a rank-biased
#: overlap of 0.5 more agreement than not among the genes that a reader looks at. Random
#: halves of all genes have an index of 0.33 already: there it takes 0.67.
AGREEMENT = 0.5
#: The same of networks trained again, on other seeds or samples. Genes that go together stand
#: in for each other, so two networks that are equally good differ more than two looks at
#: one. An index of 1/3 is half of each list in both.
RETRAINED = 1 / 3
#: Agreement that other layouts may cost beyond what another training does.
LAYOUT = 0.05
#: A selected gene stands out in its class where it does so more than this share of the genes
#: of similar expression. Of random genes one in ten does.
STANDS_OUT = 0.9
#: Share of the selected genes that are planted markers, and of the exclusive markers that
#: are selected: asked of the default preset on the simulated compendium.
PRECISION, RECALL = 0.8, 0.9
#: Macro F1 by which SHAP may stay behind the best simple method and still be as good: what
#: one test sample in a hundred makes; of fewer than a hundred, what one makes.
TIE = 0.01
#: Empirical p-value of the V-measure among random gene sets: the usual level.
NULL_PVALUE = 0.05


def agreement(chance: float, share: float = AGREEMENT) -> float:
    """Return the threshold of a measure that is 1 at identity, given its value by chance."""
    return chance + share * (1 - chance)


def more_than_none(values: np.ndarray, codes: np.ndarray) -> float:
    """Return the mean over classes above which it is no accident that it is not 0.

    The one-sided 5 % of Student's t: classes are what differs by chance, the samples of one
    share its genes. 0 where there is a single class.

    Parameters
    ----------
    values, codes
        A value a sample, (n,), and its class.
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
        What was found, what would be expected by chance, where the verdict turns.
    higher
        Whether a high value is good.
    reason
        What the reader should know of this figure, or why there is none.

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
        """``"holds"``, ``"fails"``, or ``"not measured"`` where there is no value."""
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
