"""``tl.cross_validate``: predict and explain each sample while it is held out."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import TEST, TRAIN, folds, rounds
from tissueshap._core.logging import logger
from tissueshap.evaluation import FoldResults, balance_as, balancing, fold_part, workbench
from tissueshap.explain import trainings
from tissueshap.tl._cnn import cnn
from tissueshap.tl._predict import predict
from tissueshap.tl._shap import shap

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier

#: Parameters that all verbs here share.
_SHARED = ("adata", "model", "label", "layer", "seed", "key_added", "copy")


def cross_validate(
    adata: AnnData,
    label: str | None = None,
    *,
    train: Mapping[str, Any] | None = None,
    explain: Mapping[str, Any] | None = None,
    layer: str = "log2",
    seed: int = 42,
) -> list[Classifier]:
    """Predict and explain each sample with a network that was not trained on it, by fold.

    This is for cohorts that are too small to spare a test set. Each fold's network has its
    own seed and is trained on the samples of the other folds, balanced as ``pp.oversample``
    was run; it predicts and explains the fold's samples. The results are those of
    ``tl.predict`` and ``tl.shap``, so ``tl.evaluate``, ``tl.rank_genes``,
    ``tl.select_genes`` and all later verbs read them as usual, and report how they vary over
    the folds. For new samples use another network: ``tl.cnn`` trains it on all samples.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split(n_folds=...)`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["fold"]``, ``layers["log2"]`` and, after ``pp.oversample``, its settings and the
        linear layer that it mixes.
    %(label)s
    train
        Settings of ``tl.cnn`` by name: ``{"preset": "paper"}``.
    explain
        Settings of ``tl.shap`` by name: ``{"n_draws": 100}``. Each fold's training samples
        are the background.
    layer
        The classifiers' input.
    seed
        Seed of balancing, training and draws in the first fold; each later fold's is 1 more.

    Returns
    -------
    The classifiers, one per fold. Writes what ``tl.predict`` and ``tl.shap`` write, each
    sample's by its own fold's network (the table ``samples`` also has the column ``fold``); and
    ``uns["tissueshap"]["cross_validate"]``: ``folds``, a row a ``fold``: ``n_train``,
    ``n_rows`` (training rows, balanced), ``n_test``, ``n_correct``, ``n_explained``,
    ``seconds``; ``history``, as ``tl.cnn`` writes it, with the column ``fold``; ``n_folds``,
    ``backend``.

    Raises
    ------
    DataError
        There are no folds, a setting is unknown, or for the reasons of ``tl.cnn``,
        ``tl.predict`` and ``tl.shap``.

    Examples
    --------
    >>> ts.pp.split(adata, n_folds=3)
    >>> ts.pp.oversample(adata)
    >>> quick = {"epochs": 2, "n_models": 1}
    >>> models = ts.tl.cross_validate(adata, train=quick, explain={"n_draws": 5})
    >>> len(models), bool(adata.obs["predicted"].notna().all())
    (3, True)
    """
    adata = target(adata, copy=False)
    name = slots.label_name(adata, label)
    train, explain = _settings(cnn, "train", train), _settings(shap, "explain", explain)
    if folds(adata) is None:
        raise DataError("there are no folds: run ts.pp.split(adata, n_folds=5) first")
    slots.begin(adata, "predict")
    sources = slots.begin(adata, "shap", layer=layer)
    balanced = balancing(adata)
    mixed = [] if balanced is None else [str(balanced["layer"])]
    if explain.get("samples") == "all":
        raise DataError(
            "samples='all' would explain samples with a network that was trained on them: "
            "samples='test' explains all of them, each while it is held out"
        )
    work = workbench(adata, name, [layer, *mixed])
    results, models = FoldResults(adata), []
    how = partial(
        one_fold,
        label=name,
        layer=layer,
        balanced=balanced,
        train=train,
        explain=explain,
        seed=seed,
    )
    parts = list(enumerate((test for _, test in rounds(adata)), start=1))
    found = trainings(work, how, parts, desc="folds", unit="fold")
    for (number, test), (model, part, seconds) in zip(parts, found, strict=True):
        models.append(model)
        results.add(part, number, test, seconds)
    results.write(models[0].classes, seed=seed, sources=sources)
    return models


def one_fold(
    work: AnnData,
    number: int,
    test: np.ndarray,
    *,
    label: str,
    layer: str,
    balanced: dict[str, Any] | None,
    train: dict[str, Any],
    explain: dict[str, Any],
    seed: int,
) -> tuple[Classifier, AnnData, float]:
    """Train without a fold, and predict and explain its samples.

    Parameters
    ----------
    work
        A :func:`workbench`, which is not changed.
    number, test
        The fold, and the positions of its samples.
    label, layer, balanced, train, explain, seed
        How the networks of all folds are trained and explained.

    Returns
    -------
    The classifier, an AnnData of the fold's samples, and the seconds.
    """
    began, own = time.perf_counter(), seed + number - 1
    work = workbench(work, label, list(work.layers))
    is_held = np.isin(np.arange(work.n_obs), test)
    logger.info("fold %d: %d samples train", number, work.n_obs - test.size)
    work.obs[schema.obs.split] = pd.Categorical(np.where(is_held, TEST, TRAIN))
    if balanced is not None:
        balance_as(work, balanced, seed=own)
    model = cnn(work, layer=layer, seed=own, **train)
    predict(work, model, layer=layer)
    shap(work, model, layer=layer, seed=own, **explain)
    return model, fold_part(work, test), time.perf_counter() - began


def _settings(
    verb: Callable[..., Any], option: str, settings: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the settings of a verb; refuse unknown ones and those that all verbs share."""
    names = [name for name in inspect.signature(verb).parameters if name not in _SHARED]
    unknown = [str(name) for name in settings or {} if name not in names]
    if unknown:
        raise DataError(
            f"{option} has {unknown[0]!r}, which is not a setting of ts.tl.{verb.__name__} that "
            f"can be chosen here; these can: {names}"
        )
    return dict(settings or {})
