"""The check of ``tl.trust`` that removes or keeps the genes, and trains again."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._networks import shadow
from tissueshap.trust._checks._refit import Refit
from tissueshap.trust._checks._rows import Found, absent, all_selected
from tissueshap.trust._performance import confusion, macro_f1
from tissueshap.trust._verdict import Row

#: Of each class as many genes as are selected are removed or kept, and up to so many times more.
_DEPTH = 10
#: Most genes that are removed or kept then, as a share of all.
_MOST = 0.5


def necessity(context: Context, refit: Refit) -> Found:
    """Train without the genes and with them alone, and the same with random genes."""
    if not context.test.size:
        return [absent("necessity", "no sample is held out")], {}
    sets = _sets(context)
    if not sets:
        return [absent("necessity", all_selected(len(context.genes)))], {}
    _announce(context, 4 * len(sets))
    rng = np.random.default_rng([context.numbers.seed, 15])
    records = []
    for depth, chosen in sets.items():
        random = np.zeros_like(chosen)
        random[rng.permutation(chosen.size)[: chosen.sum()]] = True
        for genes, mask in (("selected", chosen), ("random", random)):
            for action, left in (("remove", ~mask), ("keep", mask)):
                records.append(
                    {
                        "action": action,
                        "genes": genes,
                        "n_ranks": depth,
                        "n_genes": int(mask.sum()),
                        "macro_f1": _scored(context, refit, left),
                    }
                )
    table = pd.DataFrame(records)
    given = macro_f1(_confusion(context, context.predicted))
    return _rows(table, given), {"necessity": table}


def _sets(context: Context) -> dict[int, np.ndarray]:
    """Return the genes of all classes' first ranks, by the number of ranks."""
    first = _chosen(context, context.n_ranks)
    if first.all():
        return {}
    sets = {context.n_ranks: first}
    for n_ranks in range(_DEPTH * context.n_ranks, context.n_ranks, -context.n_ranks):
        chosen = _chosen(context, n_ranks)
        if chosen.mean() <= _MOST:
            return {**sets, n_ranks: chosen}
    return sets


def _chosen(context: Context, n_ranks: int) -> np.ndarray:
    return np.asarray(top(context.scores, n_ranks).any(axis=1))


def _scored(context: Context, refit: Refit, left: np.ndarray) -> float:
    """Train on some of the genes, and return the macro F1 on the held-out samples."""
    training = shadow(context)[:, left].copy()
    model = refit.model(training, seed=context.numbers.seed)
    x = np.asarray(context.x[context.test], dtype=np.float32)[:, left]
    return macro_f1(_confusion(context, np.asarray(model.probabilities(x)).argmax(axis=1)))


def _confusion(context: Context, predicted: np.ndarray) -> np.ndarray:
    return confusion(context.codes[context.test], predicted, len(context.classes))


def _rows(table: pd.DataFrame, given: float) -> list[Row]:
    scores = table.set_index(["action", "genes", "n_ranks"])["macro_f1"]
    first = int(table["n_ranks"].min())
    check = CHECKS["necessity"]
    kept, random = scores["keep", "selected", first], scores["keep", "random", first]
    rows = [
        Row(
            check="necessity",
            question=check.question,
            measure=check.measure,
            value=float(kept - random),
            chance=0.0,
            threshold=check.threshold,
            reason=f"{_number(table, first)} genes alone: {kept:.3f}, as many random ones: "
            f"{random:.3f}; all genes: {given:.3f}",
        )
    ]
    if check.also is None:
        return rows
    deepest = int(table["n_ranks"].max())
    without, random = (scores["remove", genes, deepest] for genes in ("selected", "random"))
    value = float(random - without)
    rows.append(
        Row(
            check="necessity",
            question=check.also.question,
            measure=check.also.measure,
            value=value,
            chance=0.0,
            threshold=check.also.threshold,
            reason=f"without {_number(table, deepest)} genes: {without:.3f}, without random "
            f"ones: {random:.3f}; genes that are correlated with them may replace them, and "
            "then nothing is lost however important they are",
        )
    )
    return rows


def _number(table: pd.DataFrame, n_ranks: int) -> int:
    return int(table.loc[table["n_ranks"] == n_ranks, "n_genes"].iloc[0])


def _announce(context: Context, number: int) -> None:
    seconds = context.model.seconds
    took = "" if seconds is None else f", at most about {number * seconds:,.0f} s"
    logger.info("necessity: %d trainings on fewer genes%s", number, took)
