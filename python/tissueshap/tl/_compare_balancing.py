"""``tl.compare_balancing``: how balancing the training classes changes the scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import rounds
from tissueshap._core.logging import logger
from tissueshap.evaluation import scores, workbench
from tissueshap.explain import trainings
from tissueshap.model import Preset, backend, columns_of
from tissueshap.tl._cnn import cnn

if TYPE_CHECKING:
    from anndata import AnnData

METHODS = ("none", "class_weight", "undersample", "random", "smote")


def compare_balancing(
    adata: AnnData,
    label: str | None = None,
    *,
    methods: Sequence[str] = METHODS,
    preset: Literal["default", "paper", "small"] | Preset = "default",
    epochs: int | None = None,
    mixed: str = "tmm",
    layer: str = "log2",
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Train once with each way of balancing, and score all on the same held-out samples.

    Every training starts from the same weights and runs the same number of epochs, so a
    method that makes more rows also takes more steps. What ``pp.oversample``, ``tl.cnn``
    and ``tl.predict`` have written to ``adata`` is not changed.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["split"]``, ``layers[layer]`` and ``layers[mixed]``.
    %(label)s
    methods
        Among ``"none"``, ``"class_weight"``, ``"undersample"``, ``"random"`` and
        ``"smote"``, as for ``pp.oversample``.
    preset, epochs
        As for ``tl.cnn``.
    mixed
        Linear layer that SMOTE mixes; ``"log2"`` if there are only log-transformed values.
    layer
        The classifier's input.
    seed
        Seed of the draws, the weights, dropout and the order of the rows.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["compare_balancing"]``:

    ``summary``
        One row per method: ``method``, ``macro_f1``, ``accuracy``, ``n_train`` (training
        rows after balancing).
    ``per_class``
        One row per method and class: ``method``, ``class``, ``n_train`` (training samples of
        the class before balancing), ``f1``.

    Raises
    ------
    DataError
        A method is unknown, no sample is held out, or there are folds.

    Notes
    -----
    Yap et al. (2021), Scientific Reports 11:2641, figures 2a and S2b.

    Examples
    --------
    >>> ts.tl.compare_balancing(adata, methods=("none", "random"), epochs=1)
    >>> adata.uns["tissueshap"]["compare_balancing"]["summary"]["method"].tolist()
    ['none', 'random']
    """
    chosen = _checked(methods)
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    sources = slots.begin(adata, "compare_balancing", layer=layer, key_added=key_added)
    classes, codes = slots.class_names(adata, name), slots.class_codes(adata, name)
    train, test = _one_split(adata)
    sizes = np.bincount(codes[train], minlength=len(classes))
    work = workbench(adata, name, (layer, mixed))
    summary, per_class = [], []
    how = partial(
        trained_with,
        label=name,
        test=test,
        preset=preset,
        epochs=epochs,
        mixed=mixed,
        layer=layer,
        seed=seed,
    )
    found = trainings(work, how, [(one,) for one in chosen], desc="balancing", unit="method")
    for method, (predicted, n_rows) in zip(chosen, found, strict=True):
        true = np.asarray(classes)[codes[test]]
        scored, macro_f1 = scores(true, predicted, classes)
        accuracy = float((true == predicted).mean())
        summary.append((method, macro_f1, accuracy, n_rows))
        table = pd.DataFrame({"class": classes, "n_train": sizes, "f1": scored["f1"]})
        per_class.append(table.assign(method=method))
        logger.info("balancing %r: %d rows, macro F1 %.3f", method, n_rows, macro_f1)
    results = {
        "summary": pd.DataFrame(summary, columns=["method", "macro_f1", "accuracy", "n_train"]),
        "per_class": pd.concat(per_class, ignore_index=True)[["method", "class", "n_train", "f1"]],
    }
    slots.write(
        adata,
        "compare_balancing",
        {"uns": results},
        params={
            "label": name,
            "methods": chosen,
            "preset": preset.name if isinstance(preset, Preset) else preset,
            "epochs": epochs,
            "mixed": mixed,
            "layer": layer,
        },
        seed=seed,
        versions=("keras", backend()),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _checked(methods: Sequence[str]) -> list[str]:
    chosen = [methods] if isinstance(methods, str) else list(dict.fromkeys(methods))
    unknown = [method for method in chosen if method not in METHODS]
    if unknown or not chosen:
        raise DataError(f"methods={list(methods)}: choose among {list(METHODS)}")
    return chosen


def _one_split(adata: AnnData) -> tuple[np.ndarray, np.ndarray]:
    parts = rounds(adata)
    if len(parts) > 1:
        raise DataError("balancing is compared on one split: run ts.pp.split(adata) without folds")
    return parts[0]


def trained_with(
    work: AnnData,
    method: str,
    *,
    label: str,
    test: np.ndarray,
    preset: Any,
    epochs: int | None,
    mixed: str,
    layer: str,
    seed: int,
) -> tuple[np.ndarray, int]:
    """Balance and train, and return the test samples' predicted classes and the number of rows.

    Parameters
    ----------
    work
        A :func:`workbench`, which is not changed.
    method
        How the classes are balanced.
    label, test, preset, epochs, mixed, layer, seed
        How the networks of all methods are trained, and the samples to predict.
    """
    from tissueshap.pp import oversample

    work = workbench(work, label, list(work.layers))
    source = mixed if method == "smote" else layer
    oversample(work, method=method, layer=source, seed=seed)  # type: ignore[arg-type]
    model = cnn(work, preset=preset, epochs=epochs, layer=layer, seed=seed)
    values = slots.require(work, "layers", layer)
    rows = np.asarray(dense(values[test]), dtype=np.float32)[:, columns_of(work, model)]
    best = model.predict_proba(rows).argmax(axis=1)
    n_rows = len(slots.table(work, "oversample", "table"))
    return np.asarray(model.classes)[best], n_rows
