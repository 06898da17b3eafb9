"""``tl.cnn``: train a classifier of the classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.counts import counts_place
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.layers import X, place_of
from tissueshap._core.lazy import buffer_rows, on_disk
from tissueshap._core.logging import logger
from tissueshap._core.parallel import can_be_sent, in_order
from tissueshap._core.scale import check_logs, described, made
from tissueshap._core.settings import settings as session
from tissueshap.evaluation import workbench
from tissueshap.explain import apart
from tissueshap.model import (
    Arch,
    InputScale,
    Layout,
    Preparation,
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

    With 2,000 training samples or more, a tenth of each class is held out to monitor the
    training (the preset sets the share). Rows of the oversampling table that mix one of these
    samples are dropped to avoid data leakage, and the other rows of the class get a larger
    weight to compensate.

    Of data on disk that do not fit into memory, rows are read in shuffled blocks and prepared
    when they are needed (docs/atlases.md).

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.split`` and ``pp.log2``. Reads ``obs[label]``,
        ``obs["split"]``, ``layers["log2"]`` and, after ``pp.oversample``, its table and
        the linear layer that it mixes.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    preset
        ``"default"``, ``"small"`` (what the default becomes for fewer than 2,000 training
        samples, and for 2,000 genes and more), ``"paper"`` (the settings of Yap et al.,
        Scientific Reports 11:2641, 2021, with their logarithm: ``pp.log2(adata,
        offset=0.001, shift=10)``), or your own settings.
    arch
        ``"cnn"`` (the genes as an image), ``"mlp"`` or ``"linear"``, instead of the preset's.
    layout
        Where a ``"cnn"`` places each gene on its image: ``"input"`` (row by row in the order
        of ``var_names``, as published), ``"permuted"`` (at random), or by similarity over the
        training samples, ``"clustered"`` or ``"umap"``. The saved classifier keeps the places.
    standardise
        What is standardised before the first layer, instead of the preset's choice:
        ``"genes"``, each over the training samples; ``"samples"``, each over its genes, which
        works on cohorts on another scale; ``"none"``.
    epochs
        Passes over the training rows, instead of the preset's.
    n_models
        Number of networks to train and average, instead of the preset's. Each has its own
        seed and held-out samples; the classifier's probabilities are the mean of theirs. It
        is explained as one network, and its values vary less over seeds than those of a
        single network.
    balanced
        Train on the table of ``pp.oversample`` if present; False trains on the real samples
        only.
    layer
        The classifier's input: the name of a layer, or ``"X"`` for the matrix X.
    seed
        Seed of the held-out samples, the weights, dropout and the order of the rows.
    key_added
        Name of the record instead of ``"cnn"``.

    Returns
    -------
    The classifier. Writes ``uns["tissueshap"]["cnn"]``: ``history`` (one row per epoch; of
    several networks also ``model``, 1 the first), ``classes``, ``n_rows`` (training rows),
    ``n_validation`` (both of the first network), ``settings`` (all of the preset's, as JSON),
    ``learning_rate``, ``retries``, ``diverged`` (``Classifier.training``), ``backend``.

    Raises
    ------
    DataError
        There are fewer than two classes or four genes, a class has no training samples, the
        layer has values that are not finite, or architecture and layout cannot be combined.

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
        # The table refers to samples by position; the model trained on it does not.
        slots.current(adata, "oversample", label=name)
    _check_logarithm(adata, settings, layer)
    values = slots.require(adata, "layers", layer)
    if layer.endswith(schema.layers.log2) or layer == X:
        check_logs(values, place_of(adata, layer))
    settings = _fitting(settings, values, samples.size)
    source = Source(adata, name, samples, layer, balanced)
    seeds = [seed + 1000 * number for number in range(settings.n_models)]
    trained = in_order(
        lambda one: (one,),
        member,
        seeds,
        shared=(_to_send(source), settings),
        apart=_can_be_sent(source),
        threaded=True,
        desc="training networks",
        unit="network",
    )
    members, numbers = zip(*trained, strict=True)
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
        preparation=Preparation.of(adata, layer, samples),
        recipe={
            "settings": recorded(settings),
            "layer": layer,
            "balanced": balanced,
            "seed": seed,
            "n_validation": numbers[0]["n_validation"],
            "counts": counts_place(adata),
        },
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


def _fitting(settings: Preset, values: Any, n_samples: int) -> Preset:
    """Return the settings with as many samples to monitor the training as fit into memory."""
    if not on_disk(values):
        return settings
    share = buffer_rows(values.shape[1]) / n_samples
    return replace(settings, validation=min(settings.validation, share))


def _layers(source: Source) -> list[str]:
    """Return the layers of the real samples and, of balanced ones, of those that are mixed."""
    record = slots.record(source.adata)
    mixed = [str(record["oversample"]["params"]["layer"])] if "oversample" in record else []
    return [source.layer, *(mixed if source.balanced else [])]


def _can_be_sent(source: Source) -> bool:
    layers = [slots.require(source.adata, "layers", name) for name in _layers(source)]
    return can_be_sent(*layers) and apart()


def _to_send(source: Source) -> Source:
    """Return the source without what no network needs, if it is sent to other machines."""
    if session.client is None or not _can_be_sent(source):
        return source
    work = workbench(source.adata, source.label, _layers(source))
    if source.balanced and (mixtures := slots.record(source.adata).get("oversample")) is not None:
        slots.record(work)["oversample"] = mixtures
    return replace(source, adata=work)


def _check_logarithm(adata: AnnData, settings: Preset, layer: str) -> None:
    """Warn if the paper's network is not trained on the paper's logarithm."""
    # Log-transformed values from a file have no recorded offset.
    params = made(adata, layer)
    if settings.name != "paper" or "offset" not in params:
        return
    used = Logarithm(offset=params["offset"], shift=params["shift"])
    if used != PUBLISHED:
        logger.warning(
            "preset 'paper' was published with %s, but layers[%r] is %s: run "
            "%s first to reproduce the paper",
            formula(PUBLISHED),
            layer,
            formula(used),
            described(PUBLISHED),
        )


def _check(adata: AnnData, classes: list[str], codes: np.ndarray) -> None:
    if len(classes) < 2:
        raise DataError(f"there is only one class, {classes}: at least two are needed")
    if adata.n_vars < 4:
        raise DataError(f"there are {adata.n_vars} genes: at least 4 are needed to train")
    empty = [classes[code] for code in set(range(len(classes))) - set(codes.tolist())]
    if empty:
        raise DataError(
            f"{len(empty)} class(es) have no training samples: {sorted(empty)[:5]}: drop them, "
            "or run ts.pp.split(adata) with fewer test samples"
        )
