"""Rows of ``tl.trust`` that several checks share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tissueshap.trust import _stability, _verdict
from tissueshap.trust._agreement import jaccard_by_chance, rank_biased_overlap_by_chance
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import AGREEMENTS, CHECKS
from tissueshap.trust._verdict import Row

#: What a row of the table ``stability_index`` about all classes has as its class.
ALL_CLASSES = "all classes"
#: Rows of the summary, and tables.
Found = tuple[list[Row], dict[str, pd.DataFrame]]


def absent(check: str, reason: str) -> Row:
    """Return the row of a check that was not made."""
    return Row(
        check=check,
        question=CHECKS[check].question,
        measure=CHECKS[check].measure,
        reason=reason,
    )


def all_selected(n_genes: int) -> str:
    """Return why lists are not compared where every gene is selected."""
    return f"all {n_genes} genes are selected: any two lists are the same"


def stability_rows(
    context: Context,
    check: str,
    pairs: pd.DataFrame,
    *,
    scores: Sequence[np.ndarray],
    what: str,
    best: pd.DataFrame | None = None,
    threshold: dict[str, float] | None = None,
) -> Found:
    """Return the rows and the tables of a comparison of selections.

    Parameters
    ----------
    context
        The model and its data.
    check
        Name of the check.
    pairs
        As ``_stability.pairs`` returns them.
    scores
        All that are compared, each genes x classes.
    what
        What was compared, in words.
    best
        Pairs of two explanations of one network, which no two networks can agree better than.
    threshold
        Where the verdicts turn, by measure; by default what chance leads to.
    """
    n_ranks, n_genes = min(context.n_ranks, len(context.genes)), len(context.genes)
    if n_ranks == n_genes:
        return [absent(check, all_selected(n_genes))], {}
    chance = {
        "jaccard": jaccard_by_chance(n_ranks, n_genes),
        "rbo": rank_biased_overlap_by_chance(n_ranks, n_genes, p=_stability.RBO_P),
    }
    rows = agreement_rows(
        check, pairs, context.classes, chance=chance, what=what, best=best, threshold=threshold
    )
    table = pairs.assign(check=check, **{"class": np.asarray(context.classes)[pairs["code"]]})
    columns = ["check", "first", "second", "class", "jaccard", "rbo"]
    index = _stability.indices(scores, context.n_ranks).assign(check=check)
    names = [ALL_CLASSES if code < 0 else context.classes[code] for code in index["code"]]
    index = index.assign(**{"class": names})
    shown = ["check", "class", "n_sets", "nogueira", "low", "high", "kuncheva"]
    return rows, {"stability": table[columns], "stability_index": index[shown]}


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
                question=CHECKS[check].question,
                measure=measure,
                value=float(by_class.mean()) if len(by_class) else np.nan,
                chance=chance[name],
                threshold=_verdict.agreement(chance[name], CHECKS[check].threshold)
                if threshold is None
                else threshold[name],
                reason=reason,
            )
        )
    return rows
