"""The check of ``tl.trust`` that removes or keeps the genes, and trains again."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._networks import Networks, digest_of, shadow
from tissueshap.trust._checks._refit import predicted_by_another
from tissueshap.trust._checks._rows import Found, absent, all_selected
from tissueshap.trust._performance import confusion, macro_f1
from tissueshap.trust._verdict import Row, more_than_none

#: Of each class as many genes as are selected are removed, and up to so many times more.
_DEPTH = 10
#: Most genes that are removed then, as a share of all.
_MOST = 0.5
#: How often chance gives a difference that counts, among the held-out samples.
_LEVEL = 0.05


class _Training(NamedTuple):
    """A training on some of the genes.

    Attributes
    ----------
    action
        ``"remove"`` or ``"keep"``.
    genes
        ``"selected"`` or ``"random"``.
    n_ranks
        Of each class.
    mask
        The genes that are removed or kept.
    """

    action: str
    genes: str
    n_ranks: int
    mask: np.ndarray

    @property
    def left(self) -> np.ndarray:
        """The genes that it is trained on."""
        return self.mask if self.action == "keep" else ~self.mask


def necessity(context: Context, networks: Networks) -> Found:
    """Train without the genes and with them alone, and the same with random genes."""
    if not context.test.size:
        return [absent("necessity", "no sample is held out")], {}
    trainings = _trainings(context)
    if not trainings:
        return [absent("necessity", all_selected(len(context.genes)))], {}
    _announce(context, len(trainings))
    every, x = shadow(context), np.asarray(context.x[context.test], dtype=np.float32)

    def prepared(one: _Training) -> tuple[Any, ...]:
        training = every[:, one.left].copy()
        return networks.train, training, context.label, context.numbers.seed, x[:, one.left]

    predicted = networks.results(
        "necessity",
        predicted_by_another,
        prepared,
        trainings,
        trainings=digest_of(np.stack([one.left for one in trainings]), x),
    )
    codes, n_classes = context.codes[context.test], len(context.classes)
    scores = [macro_f1(confusion(codes, own, n_classes)) for own in predicted]
    table = pd.DataFrame(
        {
            "action": [one.action for one in trainings],
            "genes": [one.genes for one in trainings],
            "n_ranks": [one.n_ranks for one in trainings],
            "n_genes": [int(one.mask.sum()) for one in trainings],
            "macro_f1": scores,
        }
    )
    right = {one[:3]: own == codes for one, own in zip(trainings, predicted, strict=True)}
    return _rows(context, table, right), {"necessity": table}


def _trainings(context: Context) -> list[_Training]:
    rng = np.random.default_rng([context.numbers.seed, 15])
    trainings = []
    for action, n_ranks in _depths(context):
        chosen = _chosen(context, n_ranks)
        random = np.zeros_like(chosen)
        random[rng.permutation(chosen.size)[: chosen.sum()]] = True
        for genes, mask in (("selected", chosen), ("random", random)):
            trainings.append(_Training(action, genes, n_ranks, mask))
    return trainings


def _depths(context: Context) -> list[tuple[str, int]]:
    """Return what is done with how many of each class's first genes.

    The first gene of each class is kept, because any hundred genes predict tissues well; many
    are removed, because others replace a few.
    """
    n_ranks = context.n_ranks
    if _chosen(context, n_ranks).all():
        return []
    kept = [("keep", number) for number in dict.fromkeys((1, n_ranks))]
    more = range(_DEPTH * n_ranks, n_ranks, -n_ranks)
    most = [number for number in more if _chosen(context, number).mean() <= _MOST][:1]
    return [*kept, *(("remove", number) for number in (n_ranks, *most))]


def _chosen(context: Context, n_ranks: int) -> np.ndarray:
    return np.asarray(top(context.scores, n_ranks).any(axis=1))


def _rows(
    context: Context, table: pd.DataFrame, right: dict[tuple[str, str, int], np.ndarray]
) -> list[Row]:
    """Return both rows; a difference must be more than chance gives among the samples.

    Nothing is measured where random genes alone are as good as all of them, or where without
    either genes nothing is lost: by so much that a difference could count.

    Parameters
    ----------
    context
        The model and its data.
    table
        The trainings and their scores.
    right
        Which held-out samples each of them predicts correctly.
    """
    scores = table.set_index(["action", "genes", "n_ranks"])["macro_f1"]
    first, deepest = int(scores["keep"].index[0][1]), int(scores["remove"].index[-1][1])
    codes, check = context.codes[context.test], CHECKS["necessity"]
    given = macro_f1(confusion(codes, context.predicted, len(context.classes)))

    def threshold(least: float, action: str, better: str, worse: str, n_ranks: int) -> float:
        gain = right[action, better, n_ranks] * 1.0 - right[action, worse, n_ranks]
        return max(least, more_than_none(gain, np.arange(gain.size), level=_LEVEL))

    kept, random = scores["keep", "selected", first], scores["keep", "random", first]
    best = max(given, float(scores.max()))
    least = threshold(check.threshold, "keep", "selected", "random", first)
    full = best - random < least
    rows = [
        Row(
            check="necessity",
            question=check.question,
            measure=check.measure,
            value=np.nan if full else float(kept - random),
            chance=0.0,
            threshold=least,
            reason=f"{_number(table, 'keep', first)} genes alone: {kept:.3f}, as many random ones: "
            f"{random:.3f}; all genes: {given:.3f}"
            + ("; random genes tell as much as all, within chance" if full else ""),
        )
    ]
    if check.also is None:
        return rows
    without, random = (scores["remove", genes, deepest] for genes in ("selected", "random"))
    least = threshold(check.also.threshold, "remove", "random", "selected", deepest)
    lost = best - min(without, random) >= least
    rows.append(
        Row(
            check="necessity",
            question=check.also.question,
            measure=check.also.measure,
            value=float(random - without) if lost else np.nan,
            chance=0.0,
            threshold=least,
            reason=f"without {_number(table, 'remove', deepest)} genes: {without:.3f}, without "
            f"random ones: {random:.3f}; genes that are correlated with them may replace them, and "
            "then nothing is lost however important they are",
        )
    )
    return rows


def _number(table: pd.DataFrame, action: str, n_ranks: int) -> int:
    own = (table["action"] == action) & (table["n_ranks"] == n_ranks)
    return int(table.loc[own, "n_genes"].iloc[0])


def _announce(context: Context, number: int) -> None:
    seconds = context.model.seconds
    took = "" if seconds is None else f", at most about {number * seconds:,.0f} s"
    logger.info("necessity: %d trainings on fewer genes%s", number, took)
