"""Checks of ``tl.trust`` that train again: over seeds, folds and orders of the genes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap.model._layouts import LAYOUTS, Layout
from tissueshap.pp import oversample
from tissueshap.tl._cnn import cnn
from tissueshap.tl._trust_context import Context
from tissueshap.tl._trust_rows import QUESTIONS, Found, absent, stability_rows
from tissueshap.trust import _stability

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier


def seeds(context: Context) -> Found:
    """Train again with other seeds."""
    numbers = context.numbers
    scores = [context.ranked(context.values[context.few])]
    for number in range(1, numbers.n_seeds + 1):
        model = _train(context, shadow(context), seed=numbers.seed + number)
        scores.append(context.ranked(context.explain(model.network)))
    return stability_rows(
        context,
        "seeds",
        _stability.pairs(scores, context.n_ranks),
        question=QUESTIONS["seeds"],
        what=f"{numbers.n_seeds} networks trained with other seeds, and this one",
    )


def folds(context: Context) -> Found:
    """Train again, each time without a part of the training samples."""
    from sklearn.model_selection import StratifiedKFold

    numbers = context.numbers
    parts = StratifiedKFold(numbers.n_folds, shuffle=True, random_state=numbers.seed)
    scores = []
    for kept, _ in parts.split(context.train, context.codes[context.train]):
        train = context.train[kept]
        model = _train(context, shadow(context, train=train), seed=numbers.seed)
        scores.append(context.ranked(context.explain(model.network, train=train)))
    return stability_rows(
        context,
        "folds",
        _stability.pairs(scores, context.n_ranks),
        question=QUESTIONS["folds"],
        what=f"{numbers.n_folds} networks, each trained without one of {numbers.n_folds} parts",
    )


def order(context: Context) -> Found:
    """Train again with the genes laid out in other ways, where the network sees a layout."""
    if not sees_order(context.model):
        reason = (
            "nothing to measure: no layer of this network sees neighbouring genes, so another "
            "order only renames the rows of its first weights"
        )
        return [absent("order", reason)], {}
    own = context.settings("cnn").get("layout", "input")
    layouts = [layout for layout in LAYOUTS if layout != own]
    scores = [context.ranked(context.values[context.few])]
    for layout in layouts:
        model = _train(context, shadow(context), seed=context.numbers.seed, layout=layout)
        scores.append(context.ranked(context.explain(model.network)))
    return stability_rows(
        context,
        "order",
        _stability.pairs(scores, context.n_ranks),
        question=QUESTIONS["order"],
        what=f"this network (0, layout {own!r}), and one for each of {', '.join(layouts)}",
    )


def sees_order(model: Classifier) -> bool:
    """Return whether a network looks at neighbouring genes together."""
    return any("Conv" in type(layer).__name__ for layer in model.network.layers)


def shadow(context: Context, *, train: np.ndarray | None = None) -> AnnData:
    """Return an AnnData to train on, which shares the layers and leaves no trace in the first.

    Parameters
    ----------
    context
        The model and its data.
    train
        Positions of the training samples, in place of all; they are balanced anew.
    """
    import anndata

    adata, columns = context.adata, context.columns
    same = columns.size == adata.n_vars and bool((columns == np.arange(columns.size)).all())
    record = _slots.record(adata)
    names = {context.numbers.layer}
    if "oversample" in record:
        names.add(str(record["oversample"]["params"]["layer"]))
    layers = {name: adata.layers[name] for name in sorted(names)}
    if not same:
        layers = {name: values[:, columns] for name, values in layers.items()}
    found = anndata.AnnData(
        obs=adata.obs[[context.label]].copy(),
        var=pd.DataFrame(index=adata.var_names[columns]),
        layers=layers,
    )
    split = np.full(adata.n_obs, "unused", dtype=object)
    split[context.train if train is None else train] = "train"
    found.obs[_schema.obs.split] = pd.Categorical(split)
    held: dict[str, Any] = {}
    held.update((name, record[name]) for name in ("oversample", "log2") if name in record)
    found.uns[_schema.UNS] = {"label": context.label, **held}
    if train is not None and "oversample" in record:
        params: dict[str, Any] = dict(record["oversample"]["params"])
        params.pop("label", None)
        oversample(found, context.label, **params, seed=context.numbers.seed)
    return found


def _train(
    context: Context, adata: AnnData, *, seed: int, layout: Layout | None = None
) -> Classifier:
    held = context.settings("cnn")
    return cnn(
        adata,
        context.label,
        preset=context.model.preset,  # type: ignore[arg-type]
        arch=held.get("arch"),
        layout=layout or held.get("layout"),
        standardise=held.get("standardise"),
        epochs=int(held["epochs"]) if "epochs" in held and _own_epochs(context) else None,
        n_models=int(held.get("n_models", 1)),
        balanced=bool(held.get("balanced", True)),
        layer=context.numbers.layer,
        seed=seed,
    )


def _own_epochs(context: Context) -> bool:
    """Return whether the recorded epochs are not the preset's: asking for them drops its steps."""
    from tissueshap.model._presets import for_size, preset

    own = for_size(preset(context.model.preset), context.train.size)
    return int(context.settings("cnn")["epochs"]) != own.epochs
