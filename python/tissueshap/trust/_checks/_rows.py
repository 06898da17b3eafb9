"""Rows of ``tl.trust`` that several checks share, and the words of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tissueshap.trust import _stability, _verdict
from tissueshap.trust._agreement import jaccard_by_chance, rank_biased_overlap_by_chance
from tissueshap.trust._checks._context import Context
from tissueshap.trust._verdict import Row

#: Rows of the summary, and tables.
Found = tuple[list[Row], dict[str, pd.DataFrame]]

#: The questions, in the order of the table, and what would be measured.
QUESTIONS = {
    "completeness": "Do the values add up?",
    "use": "Does the model use these genes?",
    "randomisation": "Do the values come from the learned weights?",
    "specificity": "Do the genes mark their class on held-out samples?",
    "bootstrap": "Do other explained samples give the same genes?",
    "seeds": "Does another training give the same genes?",
    "folds": "Do other training samples give the same genes?",
    "cohort": "Does another cohort give the same genes?",
    "order": "Does another layout of the genes give the same ones?",
    "methods": "Are the genes as good as those of simple methods?",
    "truth": "Are the genes right?",
    "clusters": "Do the genes cluster the classes?",
}
#: Of two lists of genes, and of two rankings.
AGREEMENTS = {
    "jaccard": "genes in both of two lists, of those in either (Jaccard index)",
    "rbo": "agreement of two rankings, the first genes above all (rank-biased overlap)",
}
#: What must be reached between chance and identity, where it is less than of one network.
_SHARES = {"seeds": _verdict.RETRAINED, "folds": _verdict.RETRAINED}
MEASURES = {
    **dict.fromkeys(QUESTIONS, AGREEMENTS["jaccard"]),
    "completeness": "median relative error of a sample's sum of values",
    "use": "area between deletion and insertion curves of SHAP and random genes",
    "randomisation": "rank correlation with the values of a network of random weights",
    "specificity": "share of a class's selected genes that stand out in it more than nine in "
    "ten others of similar expression",
    "methods": "macro F1 of nearest centroids on each class's first genes",
    "truth": "share of the selected genes that are planted markers",
    "clusters": "V-measure of the clusters, compared with random gene sets",
}


def absent(check: str, reason: str) -> Row:
    """Return the row of a check that was not made."""
    return Row(check=check, question=QUESTIONS[check], measure=MEASURES[check], reason=reason)


def stability_rows(
    context: Context,
    check: str,
    pairs: pd.DataFrame,
    *,
    what: str,
    best: pd.DataFrame | None = None,
    threshold: dict[str, float] | None = None,
) -> Found:
    """Return the rows and the table of a comparison of selections.

    Parameters
    ----------
    context
        The model and its data.
    check
        Name of the check.
    pairs
        As ``_stability.pairs`` returns them.
    what
        What was compared, in words.
    best
        Pairs of two explanations of one network, which no two networks can agree better than.
    threshold
        Where the verdicts turn, by measure; by default what chance leads to.
    """
    n_ranks, n_genes = min(context.n_ranks, len(context.genes)), len(context.genes)
    if n_ranks == n_genes:
        return [absent(check, f"all {n_genes} genes are selected: any two lists are the same")], {}
    chance = {
        "jaccard": jaccard_by_chance(n_ranks, n_genes),
        "rbo": rank_biased_overlap_by_chance(n_ranks, n_genes, p=_stability.RBO_P),
    }
    rows = agreement_rows(
        check, pairs, context.classes, chance=chance, what=what, best=best, threshold=threshold
    )
    table = pairs.assign(check=check, **{"class": np.asarray(context.classes)[pairs["code"]]})
    columns = ["check", "first", "second", "class", "jaccard", "rbo"]
    return rows, {"stability": table[columns]}


def agreement_rows(
    check: str,
    pairs: pd.DataFrame,
    classes: Sequence[str],
    *,
    chance: dict[str, float],
    what: str,
    best: pd.DataFrame | None = None,
    threshold: dict[str, float] | None = None,
) -> list[Row]:
    """Return the rows of both measures of agreement, with the class that agrees least.

    Parameters
    ----------
    check, what
        Name of the check, and what was compared.
    pairs
        ``code`` (the class), ``jaccard``, ``rbo``.
    classes
        Their names.
    chance
        What random rankings give, by measure.
    best
        Pairs of two explanations of one network.
    threshold
        Where the verdicts turn, by measure; by default what chance leads to.
    """
    rows = []
    means = pairs.groupby("code")[list(AGREEMENTS)].mean()
    means.index = [classes[int(code)] for code in means.index]
    for name, measure in AGREEMENTS.items():
        by_class = means[name].dropna()
        reason = "no class has values that differ between genes"
        if len(by_class):
            reason = f"{what}; least: {by_class.idxmin()}, {by_class.min():.2f}"
            if best is not None:
                reason += f"; this network, explained with other draws: {best[name].mean():.2f}"
        rows.append(
            Row(
                check=check,
                question=QUESTIONS[check],
                measure=measure,
                value=float(by_class.mean()) if len(by_class) else np.nan,
                chance=chance[name],
                threshold=_verdict.agreement(chance[name], _SHARES.get(check, _verdict.AGREEMENT))
                if threshold is None
                else threshold[name],
                reason=reason,
            )
        )
    return rows
