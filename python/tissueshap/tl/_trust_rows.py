"""Rows of ``tl.trust`` that several checks share, and the words of all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap.tl._trust_context import Context
from tissueshap.trust import _stability, _verdict
from tissueshap.trust._agreement import jaccard_by_chance, rank_biased_overlap_by_chance
from tissueshap.trust._verdict import Row

#: Rows of the summary, and tables.
Found = tuple[list[Row], dict[str, pd.DataFrame]]

#: The questions, in the order of the table, and what would be measured.
QUESTIONS = {
    "completeness": "Do the values add up?",
    "use": "Does the model use these genes?",
    "randomisation": "Do they come from the learned weights?",
    "bootstrap": "Are they stable over the samples?",
    "seeds": "Are they stable over the training's seeds?",
    "folds": "Are they stable over the training samples?",
    "cohort": "Are they the same in another cohort?",
    "order": "Does the order of the genes matter?",
    "methods": "Do they beat simple methods?",
    "truth": "Are they right?",
    "clusters": "Do they cluster the classes?",
}
MEASURES = {
    **dict.fromkeys(QUESTIONS, "Jaccard index of each class's genes"),
    "completeness": "median relative error of a sample's sum of values",
    "use": "area between deletion and insertion curves of SHAP and random genes",
    "randomisation": "rank correlation with the values of a network of random weights",
    "methods": "macro F1 of nearest centroids on each class's first genes",
    "truth": "share of the selected genes that are planted markers",
    "clusters": "V-measure of the clusters, beside random gene sets",
}


def absent(check: str, reason: str) -> Row:
    """Return the row of a check that was not made."""
    return Row(check=check, question=QUESTIONS[check], measure=MEASURES[check], reason=reason)


def stability_rows(
    context: Context, check: str, pairs: pd.DataFrame, *, question: str, what: str
) -> Found:
    """Return the rows and the table of a comparison of selections."""
    names = {
        "jaccard": ("Jaccard index", _verdict.JACCARD, jaccard_by_chance),
        "rbo": ("rank-biased overlap", _verdict.RBO, _rbo_chance),
    }
    n_ranks, n_genes = min(context.n_ranks, len(context.genes)), len(context.genes)
    rows = [
        Row(
            check=check,
            question=question,
            measure=f"{words} of each class's genes",
            value=float(pairs[name].mean()) if len(pairs) else np.nan,
            chance=chance(n_ranks, n_genes),
            threshold=threshold,
            reason=what if len(pairs) else "no class has values that differ between genes",
        )
        for name, (words, threshold, chance) in names.items()
    ]
    table = pairs.assign(check=check, **{"class": np.asarray(context.classes)[pairs["code"]]})
    columns = ["check", "first", "second", "class", "jaccard", "rbo"]
    return rows, {"stability": table[columns]}


def _rbo_chance(n_ranks: int, n_genes: int) -> float:
    return rank_biased_overlap_by_chance(n_ranks, n_genes, p=_stability.RBO_P)
