"""The check of ``tl.trust`` that compares modules of genes between trainings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.selection import top
from tissueshap.trust import _verdict
from tissueshap.trust._agreement import jaccard_by_chance
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import Found, absent
from tissueshap.trust._checks._trainings import Trainings
from tissueshap.trust._modules import co_expressed, partition
from tissueshap.trust._verdict import Row

#: Genes of each class that are clustered, with those closest to them.
_N_CLUSTERED = 50


def modules(context: Context, trainings: Trainings) -> Found:
    """Compare the first modules of two trainings, and their first genes.

    Parameters
    ----------
    context
        The model and its data.
    trainings
        Networks of other seeds. A module has the sum of its genes' values.
    """
    labels, _ = co_expressed(
        np.asarray(context.x[context.train]),
        context.codes[context.train],
        np.asarray(top(context.scores, _N_CLUSTERED).any(axis=1)),
    )
    found = partition(labels, [""] * (int(labels.max()) + 1))
    n_modules, several = len(found.names), int((found.sizes > 1).sum())
    n_ranks = context.n_ranks
    if not several:
        return [absent("modules", "no two genes vary together within the classes")], {}
    if n_ranks >= n_modules:
        reason = f"all {n_modules} modules are selected: any two lists are the same"
        return [absent("modules", reason)], {}
    sums = [found.members.T @ scores for scores in trainings.scores]
    by_module, by_gene = trainings.pairs(n_ranks, sums), trainings.pairs(n_ranks)
    table = pd.DataFrame(
        {
            "class": np.asarray(context.classes)[by_module["code"]],
            "first": by_module["first"],
            "second": by_module["second"],
            "genes": by_gene["jaccard"],
            "modules": by_module["jaccard"],
        }
    )
    chance = jaccard_by_chance(n_ranks, n_modules)
    row = Row(
        check="modules",
        question=CHECKS["modules"].question,
        measure=CHECKS["modules"].measure,
        value=float(table.groupby("class")["modules"].mean().mean()) if len(table) else np.nan,
        chance=chance,
        threshold=_verdict.agreement(chance, CHECKS["modules"].threshold),
        reason=f"{several} modules of {int(found.sizes[found.sizes > 1].sum()):,} genes; single "
        f"genes: {table.groupby('class')['genes'].mean().mean():.2f}"
        if len(table)
        else "no class has values that differ between genes",
    )
    return [row], {"module_stability": table}
