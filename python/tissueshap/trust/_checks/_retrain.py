"""Checks of ``tl.trust`` that train again: over seeds, folds and orders of the genes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import provenance, schema, slots
from tissueshap.adapters import Model
from tissueshap.model import LAYOUTS, Layout
from tissueshap.pp import oversample
from tissueshap.trust import _stability
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._modules import modules
from tissueshap.trust._checks._rows import Found, absent, stability_rows
from tissueshap.trust._verdict import NOT_MEASURED

if TYPE_CHECKING:
    from anndata import AnnData


#: Seconds of training below which a quick look trains again.
_QUICK_SECONDS = 60
_LAYOUT = CHECKS["order"].threshold


#: Trains on an AnnData with classes of a label, with ``seed`` and ``layout``. It is handed in,
#: because ``tl.cnn`` is above this package.
Train = Callable[..., Model]


class Retraining:
    """Networks trained again, each explained as the given one was.

    Parameters
    ----------
    context
        The model and its data.
    train
        Trains a model like the given one.
    """

    def __init__(self, context: Context, train: Train) -> None:
        self._context, self._train = context, train

    def seeds(self) -> Found:
        """Train again with other seeds."""
        context, n_seeds = self._context, self._context.numbers.n_seeds
        others = (
            "one network trained with another seed"
            if n_seeds == 1
            else f"{n_seeds} networks trained with other seeds"
        )
        what = f"{others}, and this one"
        best = self._of_the_same_network()
        return stability_rows(
            context,
            "seeds",
            self._over_seeds,
            scores=[self._own, *self._of_seeds],
            what=what,
            best=best,
        )

    def quick_seeds(self) -> Found:
        """Train again with another seed, where the given network took seconds."""
        seconds = self._context.model.seconds
        if seconds is not None and seconds < _QUICK_SECONDS:
            return self.seeds()
        took = "is not recorded" if seconds is None else f"took {seconds:,.0f} s"
        reason = f"not quick: the training {took}; checks='full' or ['seeds'] trains again"
        return [absent("seeds", reason)], {}

    def modules(self) -> Found:
        """Compare modules of genes between the networks that :meth:`seeds` trains."""
        return modules(self._context, self._own, self._of_seeds)

    def quick_modules(self) -> Found:
        """Compare modules where :meth:`quick_seeds` trains again."""
        rows, _ = self.quick_seeds()
        if rows[0].verdict == NOT_MEASURED:
            return [absent("modules", rows[0].reason)], {}
        return self.modules()

    def folds(self) -> Found:
        """Train again, each time without a part of the training samples."""
        from sklearn.model_selection import StratifiedKFold

        context, numbers = self._context, self._context.numbers
        parts = StratifiedKFold(numbers.n_folds, shuffle=True, random_state=numbers.seed)
        others = [
            self._scores(shadow(context, train=context.train[kept]), seed=numbers.seed)
            for kept, _ in parts.split(context.train, context.codes[context.train])
        ]
        return stability_rows(
            context,
            "folds",
            _stability.against(self._own, others, context.n_ranks),
            scores=[self._own, *others],
            what=f"{numbers.n_folds} networks, each trained without one of {numbers.n_folds} "
            "parts, and this one",
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
        others = [
            self._scores(shadow(context), seed=context.numbers.seed, layout=layout)
            for layout in layouts
        ]
        # Two trainings differ anyway: what counts is what a layout adds to that.
        over_seeds = self._over_seeds[["jaccard", "rbo"]].mean()
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
        context, numbers = self._context, self._context.numbers
        return [
            self._scores(shadow(context), seed=numbers.seed + number)
            for number in range(1, numbers.n_seeds + 1)
        ]

    @property
    def _over_seeds(self) -> pd.DataFrame:
        """Pairs of the given network and those of other seeds, which ``order`` needs too."""
        return _stability.against(self._own, self._of_seeds, self._context.n_ranks)

    def _of_the_same_network(self) -> pd.DataFrame:
        """Return how alike two explanations of one network are: no training can do better."""
        context = self._context
        return _stability.against(self._own, [context.ranked(context.again)], context.n_ranks)

    def _scores(self, trained: AnnData, *, seed: int, layout: Layout | None = None) -> np.ndarray:
        """Train on what a shadow holds, and return what ranks the genes then."""
        context = self._context
        model = self._train(trained, context.label, seed=seed, layout=layout)
        background = context.background(trained)
        return context.ranked(context.explain(model, background=background))


def shadow(context: Context, *, train: np.ndarray | None = None) -> AnnData:
    """Return an AnnData to train on, which shares the layers and leaves no trace in the first.

    Parameters
    ----------
    context
        The model and its data.
    train
        Positions of the training samples, instead of all; they are balanced again.
    """
    import anndata

    adata, columns = context.adata, context.columns
    same = columns.size == adata.n_vars and bool((columns == np.arange(columns.size)).all())
    record = slots.record(adata)
    names = {context.numbers.layer}
    if "oversample" in record:
        names.add(str(record["oversample"]["params"]["layer"]))
    layers = {name: adata.layers[name] for name in sorted(names)}
    if not same:
        layers = {name: values[:, columns] for name, values in layers.items()}
    training = anndata.AnnData(
        obs=adata.obs[[context.label]].copy(),
        var=pd.DataFrame(index=adata.var_names[columns]),
        layers=layers,
    )
    split = np.full(adata.n_obs, "unused", dtype=object)
    split[context.train if train is None else train] = "train"
    training.obs[schema.obs.split] = pd.Categorical(split)
    records: dict[str, Any] = {}
    records.update(
        (name, provenance.without_origin(record[name]))
        for name in ("oversample", "log2")
        if name in record
    )
    training.uns[schema.UNS] = {"label": context.label, **records}
    if train is not None and "oversample" in record:
        params: dict[str, Any] = dict(record["oversample"]["params"])
        params.pop("label", None)
        oversample(training, context.label, **params, seed=context.numbers.seed)
    return training
