"""Checks of ``tl.trust`` that train again: over seeds, folds and orders of the genes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.model import LAYOUTS
from tissueshap.trust import _stability
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._modules import modules
from tissueshap.trust._checks._networks import Another, Networks
from tissueshap.trust._checks._rows import Found, absent, stability_rows
from tissueshap.trust._checks._trainings import Trainings
from tissueshap.trust._verdict import Row

#: Training samples that each class must have.
_LEAST_TRAINING = 2
_LAYOUT = CHECKS["order"].threshold


class Retraining:
    """Networks trained again, each explained as the given one was.

    Parameters
    ----------
    context
        The model and its data.
    networks
        Trains models like the given one.
    """

    def __init__(self, context: Context, networks: Networks) -> None:
        self._context, self._networks = context, networks

    def announce(self, asked: Sequence[str]) -> None:
        """Say how many networks the requested checks train, and about how long that takes."""
        context, numbers = self._context, self._context.numbers
        makes = {
            check
            for check in asked
            if not any(need in context.lacks for need in CHECKS[check].needs)
        }
        orders = "order" in makes and bool(context.model.sees_order)
        seeds = bool(makes & {"seeds", "modules"}) and not numbers.quick
        self._networks.announce(
            {
                "seeds": numbers.n_seeds * (seeds or orders),
                "folds": numbers.n_folds * ("folds" in makes),
                "order": (len(LAYOUTS) - 1) * orders,
            }
        )

    def seeds(self) -> Found:
        """Compare the genes of networks that differ in their seeds."""
        trainings, context = self._trainings, self._context
        if trainings is None:
            return [self._not_quick("seeds")], {}
        return stability_rows(
            context,
            "seeds",
            trainings.pairs(context.n_ranks),
            scores=trainings.scores,
            what=trainings.what,
            best=None if trainings.among_all else self._of_the_same_network(),
        )

    def modules(self) -> Found:
        """Compare modules of genes between the networks that :meth:`seeds` compares."""
        if self._trainings is None:
            return [self._not_quick("modules")], {}
        return modules(self._context, self._trainings)

    @cached_property
    def _trainings(self) -> Trainings | None:
        """Networks of other seeds; those that a quick look has, if it has any."""
        context, n_seeds = self._context, self._context.numbers.n_seeds
        if not context.numbers.quick:
            others = (
                "one network trained with another seed"
                if n_seeds == 1
                else f"{n_seeds} networks trained with other seeds"
            )
            scores = [self._own, *self._of_seeds]
            return Trainings(scores, f"{others}, and this one", among_all=False)
        if not context.of_members:
            return None
        scores = [context.ranked(values) for values in context.of_members]
        what = (
            f"{len(scores)} networks of which this one is the mean, each with each: trained with "
            "other seeds on the same samples, and less alike than means of so many"
        )
        return Trainings(scores, what, among_all=True)

    @staticmethod
    def _not_quick(check: str) -> Row:
        reason = f"a quick look trains nothing again: checks='full' or ['{check}'] does"
        return absent(check, reason)

    def folds(self) -> Found:
        """Train again, each time without a part of the training samples."""
        context, numbers = self._context, self._context.numbers
        groups = numbers.groups or context.settings("split").get("groups")
        parts, reason = training_parts(context, groups)
        if reason:
            return [absent("folds", reason)], {}
        others = self._networks.scores(
            "folds",
            [Another(numbers.seed, train=part) for part in parts],
            n_folds=numbers.n_folds,
            groups=groups,
        )
        whole = f" with all samples of a {groups}" if groups else ""
        return stability_rows(
            context,
            "folds",
            _stability.against(self._own, others, context.n_ranks),
            scores=[self._own, *others],
            what=f"{numbers.n_folds} networks, each trained without one of {numbers.n_folds} "
            f"parts{whole}, and this one",
        )

    def order(self) -> Found:
        """Train again with the genes laid out in other ways, where the network sees a layout."""
        context = self._context
        if not context.model.sees_order:
            reason = (
                "nothing to measure: no layer of this network sees neighbouring genes, so another "
                "order only renames the rows of its first weights"
            )
            return [absent("order", reason)], {}
        own = context.settings("cnn").get("layout", "input")
        layouts = [layout for layout in LAYOUTS if layout != own]
        others = self._networks.scores(
            "order", [Another(context.numbers.seed, layout) for layout in layouts], layouts=layouts
        )
        # Two trainings differ anyway: what counts is what a layout adds to that.
        pairs = _stability.against(self._own, self._of_seeds, context.n_ranks)
        over_seeds = pairs[["jaccard", "rbo"]].mean()
        return stability_rows(
            context,
            "order",
            _stability.against(self._own, others, context.n_ranks),
            scores=[self._own, *others],
            what=f"layouts {', '.join([own, *layouts])}; threshold: what other seeds give "
            f"({over_seeds['jaccard']:.2f} of the lists), less {_LAYOUT}",
            threshold={str(name): value - _LAYOUT for name, value in over_seeds.items()},
        )

    @cached_property
    def _own(self) -> np.ndarray:
        """What the given network's values rank the genes by."""
        return self._context.ranked(self._context.values[self._context.few])

    @cached_property
    def _of_seeds(self) -> list[np.ndarray]:
        """What networks that differ in their seeds rank the genes by."""
        numbers = self._context.numbers
        seeds = [numbers.seed + number for number in range(1, numbers.n_seeds + 1)]
        return self._networks.scores("seeds", [Another(seed) for seed in seeds])

    def _of_the_same_network(self) -> pd.DataFrame:
        """Return how alike two explanations of one network are: no training can do better."""
        context = self._context
        return _stability.against(self._own, [context.ranked(context.again)], context.n_ranks)


def training_parts(context: Context, groups: str | None) -> tuple[list[np.ndarray], str]:
    """Return the training samples without one part each, and why this cannot be done.

    Parameters
    ----------
    context
        The model and its data.
    groups
        Column of ``obs`` of which all samples with one value are in the same part; None
        divides the samples alone.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    numbers, codes = context.numbers, context.codes[context.train]
    how: dict[str, Any] = {"shuffle": True, "random_state": numbers.seed}
    if groups is None:
        divided = StratifiedKFold(numbers.n_folds, **how).split(context.train, codes)
    else:
        column = slots.obs_column(context.adata, groups, "groups").iloc[context.train]
        members, levels = pd.factorize(column.astype(str))
        if column.isna().any():
            return [], f"obs[{groups!r}] is missing for {int(column.isna().sum())} training samples"
        if len(levels) < numbers.n_folds:
            return (
                [],
                f"obs[{groups!r}] has {len(levels)} levels among the training samples, fewer "
                f"than n_folds={numbers.n_folds}",
            )
        divided = StratifiedGroupKFold(numbers.n_folds, **how).split(context.train, codes, members)
    parts = [context.train[rest] for rest, _ in divided]
    for part in parts:
        sizes = np.bincount(context.codes[part], minlength=len(context.classes))
        lost = [context.classes[code] for code in np.flatnonzero(sizes < _LEAST_TRAINING)]
        if lost:
            return [], (
                f"without one part, fewer than {_LEAST_TRAINING} training samples of {lost[0]} are "
                f"left: use a smaller n_folds" + (" or other groups" if groups else "")
            )
    return parts, ""
