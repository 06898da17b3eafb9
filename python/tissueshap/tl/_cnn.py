"""``tl.cnn``: train a classifier of the classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.logging import logger
from tissueshap._core.scale import check_logs, made
from tissueshap.model import (
    Arch,
    InputScale,
    Layout,
    Preset,
    Source,
    Standardise,
    average,
    backend,
    for_size,
    member,
    preset as preset_named,
    recorded,
    trained_on,
)
from tissueshap.pp import PUBLISHED, Logarithm, formula

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier


def cnn(
    adata: AnnData,
    label: str | None = None,
    *,
    preset: Literal["default", "paper", "small"] | Preset = "default",
    arch: Arch | None = None,
    layout: Layout | None = None,
    standardise: Standardise | None = None,
    epochs: int | None = None,
    n_models: int | None = None,
    balanced: bool = True,
    layer: str = "log2",
    seed: int = 42,
    key_added: str | None = None,
) -> Classifier:
    """Train a classifier of the classes on the training samples.

    Where there are 2,000 training samples or more, a tenth of those of each class is held
    out to watch the training (the preset says how many). Rows of the oversampling table that
    mix one of them are left out, so that none leaks into what the network learns, and the
    other rows of its class weigh more for it.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["split"]``, ``layers["log2"]`` and, after ``pp.oversample``, its table and
        the linear layer that it mixes.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    preset
        ``"default"``, ``"small"`` (what the default is for fewer than 2,000 training
        samples, and for 2,000 genes and more), ``"paper"`` (the settings of Yap et al.,
        Scientific Reports 11:2641, 2021, with their logarithm: ``pp.log2(adata,
        offset=0.001, shift=10)``), or settings of your own.
    arch
        ``"cnn"`` (the genes as an image), ``"mlp"`` or ``"linear"``, in place of the preset's.
    layout
        Where a ``"cnn"`` has each gene on its image: ``"input"`` (row by row in the order of
        ``var_names``, as published), ``"permuted"``, or by similarity over the training
        samples, ``"clustered"`` or ``"umap"``. The bundle keeps the places.
    standardise
        What has mean 0 and variance 1 before the first layer, in place of the preset's
        choice: ``"genes"``, each over the training samples; ``"samples"``, each over its
        genes, which travels to cohorts on another scale; ``"none"``.
    epochs
        Passes over the training rows, in place of the preset's.
    n_models
        Networks to train, each with a seed and held-out samples of its own, and to average,
        in place of the preset's number: the classifier's probabilities are the mean of
        theirs. It is explained as one network, and its values are steadier over seeds than
        those of each.
    balanced
        Train on the table of ``pp.oversample`` where there is one; False trains on the
        real samples alone.
    layer
        The classifier's input.
    seed
        Seed of the held-out samples, the weights, dropout and the order of the rows.
    key_added
        Name of the record in place of ``"cnn"``.

    Returns
    -------
    The classifier. Writes ``uns["tissueshap"]["cnn"]``: ``history`` (a row an epoch; of
    several networks also ``model``, 1 the first), ``classes``, ``n_rows`` (training rows),
    ``n_validation`` (both of the first network), ``settings`` (all of the preset, as JSON),
    ``learning_rate``, ``retries``, ``diverged`` (``Classifier.training``), ``backend``.

    Raises
    ------
    DataError
        There are fewer than two classes or four genes, a class has no training samples, the
        layer holds values that are not finite, or architecture and layout do not go together.

    Examples
    --------
    >>> model = ts.tl.cnn(adata, epochs=2, n_models=1)
    >>> model.classes
    ['Heart', 'Liver', 'Lung']
    >>> model.history["epoch"].tolist()
    [1, 2]
    """
    adata = target(adata, copy=False)
    name = slots.label_name(adata, label)
    classes, codes = slots.class_names(adata, name), slots.class_codes(adata, name)
    samples = np.flatnonzero(training(adata))
    settings = preset if isinstance(preset, Preset) else preset_named(preset)
    settings = for_size(settings, samples.size, adata.n_vars).changed(
        arch=arch, layout=layout, standardise=standardise, epochs=epochs, n_models=n_models
    )
    _check(adata, classes, codes[samples])
    sources = slots.begin(adata, "cnn", layer=layer, key_added=key_added)
    if balanced:
        # The table counts positions; the model that is made of it does not.
        slots.current(adata, "oversample", label=name)
    _check_logarithm(adata, settings, layer)
    values = slots.require(adata, "layers", layer)
    if layer.endswith(schema.layers.log2):
        check_logs(values, f"adata.layers[{layer!r}]")
    source = Source(adata, name, samples, layer, balanced)
    seeds = [seed + 1000 * number for number in range(settings.n_models)]
    members, numbers = zip(*(member(source, settings, one) for one in seeds), strict=True)
    scale = InputScale.of(
        values,
        samples,
        layer=layer,
        made=made(adata, layer),
        by_sample=settings.standardise == "samples",
    )
    classifier = replace(
        members[0] if settings.n_models == 1 else average(members),
        scale=scale,
        trained_on=trained_on(adata, name, samples),
    )
    slots.write(
        adata,
        "cnn",
        {
            "uns": {
                "history": classifier.history,
                "classes": classes,
                **numbers[0],
                "settings": recorded(settings),
                **classifier.training,
                "backend": backend(),
            }
        },
        params={
            "label": name,
            "preset": settings.name,
            "arch": settings.arch,
            "layout": settings.layout,
            "standardise": settings.standardise,
            "epochs": settings.epochs,
            "n_models": settings.n_models,
            "balanced": balanced,
            "layer": layer,
        },
        seed=seed,
        versions=("keras", backend()),
        sources={**sources, "model": classifier.fingerprint()},
        key_added=key_added,
    )
    return classifier


def _check_logarithm(adata: AnnData, settings: Preset, layer: str) -> None:
    """Say so where the paper's network does not get the paper's logarithm."""
    # Logarithms that came from a file have no offset on record.
    params = made(adata, layer)
    if settings.name != "paper" or "offset" not in params:
        return
    used = Logarithm(offset=params["offset"], shift=params["shift"])
    if used != PUBLISHED:
        logger.warning(
            "preset 'paper' was published with %s, layers[%r] is %s: run "
            "ts.pp.log2(adata, offset=0.001, shift=10) first to repeat the paper",
            formula(PUBLISHED),
            layer,
            formula(used),
        )


def _check(adata: AnnData, classes: list[str], codes: np.ndarray) -> None:
    if len(classes) < 2:
        raise DataError(f"there is one class only, {classes}: nothing to tell apart")
    if adata.n_vars < 4:
        raise DataError(f"there are {adata.n_vars} genes: at least 4 are needed to train")
    empty = [classes[code] for code in set(range(len(classes))) - set(codes.tolist())]
    if empty:
        raise DataError(
            f"{len(empty)} class(es) have no training samples: {sorted(empty)[:5]}: drop them, "
            "or run ts.pp.split(adata) with fewer test samples"
        )
