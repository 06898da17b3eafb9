"""``tl.cnn``: train a classifier of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots
from tissueshap._dense import dense
from tissueshap._errors import DataError
from tissueshap._logging import logger
from tissueshap.model._backend import backend
from tissueshap.model._presets import Arch, Preset, for_size
from tissueshap.model._presets import preset as preset_named
from tissueshap.model._rows import Expand, TrainingRows, hold_out, plain_table, without
from tissueshap.model._train import train

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier


def cnn(
    adata: AnnData,
    label: str | None = None,
    *,
    preset: Literal["default", "paper", "small"] | Preset = "default",
    arch: Arch | None = None,
    epochs: int | None = None,
    balanced: bool = True,
    layer: str = "log2",
    seed: int = 42,
    key_added: str | None = None,
) -> Classifier:
    """Train a classifier of the classes on the training samples.

    A tenth of the real training samples of each class is held out to watch the training.
    Rows of the oversampling table that mix one of them are left out, so that none leaks
    into what the network learns, and the other rows of its class weigh more for it.

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
        samples), ``"paper"`` (the settings of Yap et al., Scientific Reports 11:2641, 2021),
        or settings of your own.
    arch
        ``"cnn"``, ``"mlp"`` or ``"linear"``, in place of the preset's.
    epochs
        Passes over the training rows, in place of the preset's.
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
    The classifier. Writes ``uns["tissueshap"]["cnn"]``: ``history`` (a row an epoch),
    ``classes``, ``n_rows`` (training rows), ``n_validation``, ``backend``.

    Raises
    ------
    DataError
        There are fewer than two classes or four genes, a class has no training samples, or
        the layer holds values that are not finite.
    """
    name = _slots.label_name(adata, label)
    classes, codes = _slots.class_names(adata, name), _slots.class_codes(adata, name)
    samples = np.flatnonzero(_slots.require(adata, "obs", _schema.obs.split) == "train")
    settings = preset if isinstance(preset, Preset) else preset_named(preset)
    settings = for_size(settings, samples.size).changed(arch=arch, epochs=epochs)
    _check(adata, classes, codes[samples])
    held = hold_out(
        samples,
        codes[samples],
        share=settings.validation,
        minimum=settings.min_validation,
        rng=np.random.default_rng([seed, 1]),
    )
    table, expand = _table(adata, samples, layer, balanced=balanced)
    table = without(table, held, codes)
    rows = TrainingRows(
        table=table,
        codes=codes[table["sample"]],
        expand=expand,
        x_validation=_read(adata, layer, held),
        codes_validation=codes[held],
    )
    mean, variance = _moments(adata, layer, np.setdiff1d(samples, held))
    logger.info(
        "training preset %r on %d rows of %d classes x %d genes, %d samples held out to watch",
        settings.name,
        len(rows),
        len(classes),
        adata.n_vars,
        held.size,
    )
    classifier = train(
        rows,
        settings,
        genes=list(map(str, adata.var_names)),
        classes=classes,
        mean=mean,
        variance=variance,
        label=name,
        seed=seed,
    )
    _slots.write(
        adata,
        "cnn",
        {
            "uns": {
                "history": classifier.history,
                "classes": classes,
                "n_rows": len(rows),
                "n_validation": int(held.size),
                "backend": backend(),
            }
        },
        params={
            "label": name,
            "preset": settings.name,
            "arch": settings.arch,
            "epochs": settings.epochs,
            "balanced": balanced,
            "layer": layer,
        },
        seed=seed,
        versions=("keras", backend()),
        key_added=key_added,
    )
    return classifier


def _check(adata: AnnData, classes: list[str], codes: np.ndarray) -> None:
    if len(classes) < 2:
        raise DataError(f"there is one class only, {classes}: nothing to tell apart")
    if adata.n_vars < 4:
        raise DataError(f"there are {adata.n_vars} genes: at least 4 are needed to train")
    empty = [classes[code] for code in set(range(len(classes))) - set(codes.tolist())]
    if empty:
        raise DataError(
            f"{len(empty)} classes have no training samples: {sorted(empty)[:5]}: drop them, or "
            f"run ts.pp.split(adata) with fewer test samples"
        )


def _table(
    adata: AnnData, samples: np.ndarray, layer: str, *, balanced: bool
) -> tuple[pd.DataFrame, Expand]:
    """Return the training rows and what makes their values."""
    record = _slots.record(adata)
    if not (balanced and "oversample" in record):
        return plain_table(samples), lambda part: _read(adata, layer, part["sample"].to_numpy())
    from tissueshap.pp import expand

    mixed = str(record["oversample"]["params"]["layer"])
    log2 = record.get("log2", {}).get("params", {})
    offset, shift = float(log2.get("offset", 0.001)), float(log2.get("shift", 10.0))
    return (
        _slots.table(adata, "oversample", "table"),
        lambda part: expand(adata, part, layer=mixed, offset=offset, shift=shift),
    )


def _read(adata: AnnData, layer: str, rows: np.ndarray) -> np.ndarray:
    values = _slots.require(adata, "layers", layer)
    return np.asarray(dense(values[rows]), dtype=np.float32)


def _moments(adata: AnnData, layer: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each gene's mean and variance over some samples, (genes,) float32."""
    total = np.zeros(adata.n_vars)
    squares = np.zeros(adata.n_vars)
    parts = np.array_split(rows, -(-rows.size // 1024))
    first = _read(adata, layer, parts[0]).mean(axis=0, dtype=np.float64)
    for part in parts:
        # About the first part's mean: the squares of far larger values would cancel.
        away = _read(adata, layer, part) - first
        if not np.isfinite(away).all():
            bad = adata.obs_names[part[~np.isfinite(away).all(axis=1)]]
            raise DataError(
                f"adata.layers[{layer!r}] is not finite in samples {list(bad[:5])}: run "
                f"ts.pp.log2(adata) again"
            )
        total += away.sum(axis=0)
        squares += np.square(away).sum(axis=0)
    shift = total / rows.size
    variance = np.maximum(squares / rows.size - np.square(shift), 0.0)
    return (first + shift).astype(np.float32), variance.astype(np.float32)
