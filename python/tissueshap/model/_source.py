"""Input of ``tl.cnn``'s training: rows, held-out samples, moments and the genes' places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.dense import dense
from tissueshap._core.layers import place_of
from tissueshap._core.lazy import Lazy
from tissueshap._core.logging import logger
from tissueshap._core.scale import check_finite
from tissueshap.model._architectures import centred_on
from tissueshap.model._layouts import MAX_SAMPLES, cells
from tissueshap.model._recorded import restored
from tissueshap.model._row_source import OfTable, OnDisk, RowSource
from tissueshap.model._rows import TrainingRows, hold_out, plain_table, without
from tissueshap.model._train import train
from tissueshap.pp import expand, mixed_values

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier
    from tissueshap.model._presets import Preset


@dataclass(frozen=True)
class Source:
    """The source of the training rows of every network."""

    adata: AnnData
    label: str
    samples: np.ndarray
    layer: str
    balanced: bool


def member(source: Source, settings: Preset, seed: int) -> tuple[Classifier, dict[str, int]]:
    """Train one network; return it with its numbers of training and held-out rows."""
    adata, layer, samples = source.adata, source.layer, source.samples
    classes, codes = (
        slots.class_names(adata, source.label),
        slots.class_codes(adata, source.label),
    )
    held = _held_out(samples, codes, settings, seed)
    table, rows_from = _table(adata, samples, layer, balanced=source.balanced)
    table = without(table, held, codes)
    rows = TrainingRows(
        table=table,
        codes=codes[table["sample"]],
        expand=rows_from,
        x_validation=_read(adata, layer, held),
        codes_validation=codes[held],
    )
    seen = np.setdiff1d(samples, held)
    _check_finite(adata, layer, rows.x_validation, held)
    mean, variance = _moments(adata, layer, seen, settings)
    logger.info(
        "training preset %r on %d rows of %d classes x %d genes, %d samples held out to monitor it",
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
        cells=_cells(adata, layer, seen, settings, seed),
        label=source.label,
        seed=seed,
    )
    return classifier, {"n_rows": len(rows), "n_validation": int(held.size)}


def validation(
    adata: AnnData, label: str, recipe: Mapping[str, Any], samples: np.ndarray
) -> np.ndarray:
    """Return the samples that were held out to monitor a training.

    Parameters
    ----------
    adata, label
        What ``tl.cnn`` was called with.
    recipe
        ``Classifier.recipe``.
    samples
        Positions of the training samples.

    Returns
    -------
    Positions. There are none for an average of several networks, each of which has seen
    what was held out of another.
    """
    settings = restored(str(recipe["settings"]))
    if settings.n_models > 1 or not int(recipe["n_validation"]):
        return samples[:0]
    return _held_out(samples, slots.class_codes(adata, label), settings, int(recipe["seed"]))


def _held_out(samples: np.ndarray, codes: np.ndarray, settings: Preset, seed: int) -> np.ndarray:
    return hold_out(
        samples,
        codes[samples],
        share=settings.validation,
        minimum=settings.min_validation,
        rng=np.random.default_rng([seed, 1]),
    )


def _cells(
    adata: AnnData, layer: str, rows: np.ndarray, settings: Preset, seed: int
) -> np.ndarray | None:
    """Return each gene's cell on the image; None if row by row, or if there is no image."""
    if settings.arch != "cnn" or settings.layout == "input":
        return None
    if rows.size > MAX_SAMPLES:
        rows = np.sort(np.random.default_rng([seed, 4]).choice(rows, MAX_SAMPLES, replace=False))
    return cells(_read(adata, layer, rows), settings.layout, seed=seed)


def _table(
    adata: AnnData, samples: np.ndarray, layer: str, *, balanced: bool
) -> tuple[pd.DataFrame, OfTable | RowSource]:
    """Return the training rows, and where their values come from."""
    record = slots.record(adata)
    values = slots.require(adata, "layers", layer)
    if not (balanced and "oversample" in record):
        if isinstance(values, Lazy):
            return plain_table(samples), OnDisk(values)
        return plain_table(samples), lambda part: _read(adata, layer, part["sample"].to_numpy())
    table = slots.table(adata, "oversample", "table")
    mixed = str(record["oversample"]["params"]["layer"])
    if isinstance(values, Lazy):
        return table, OnDisk(*mixed_values(adata, mixed))
    return table, lambda part: expand(adata, part, layer=mixed)


def _check_finite(adata: AnnData, layer: str, values: np.ndarray, rows: np.ndarray) -> None:
    check_finite(values, adata.obs_names[rows], adata.var_names, place_of(adata, layer))


def _read(adata: AnnData, layer: str, rows: np.ndarray) -> np.ndarray:
    values = slots.require(adata, "layers", layer)
    return np.asarray(dense(values[rows]), dtype=np.float32)


def _moments(
    adata: AnnData, layer: str, rows: np.ndarray, settings: Preset
) -> tuple[np.ndarray, np.ndarray]:
    """Return each gene's mean and variance over some samples, (genes,) float32.

    They are computed from the values of :func:`centred_on`, as the preset's network needs.
    """
    total = np.zeros(adata.n_vars)
    squares = np.zeros(adata.n_vars)
    parts = np.array_split(rows, -(-rows.size // 1024))
    first = np.zeros(adata.n_vars)
    for part in parts:
        values = _read(adata, layer, part)
        _check_finite(adata, layer, values, part)
        values = centred_on(settings, values)
        if part is parts[0]:
            first = values.mean(axis=0, dtype=np.float64)
        # About the first part's mean, to avoid cancellation between large squares.
        centred = values - first
        total += centred.sum(axis=0)
        squares += np.square(centred).sum(axis=0)
    shift = total / rows.size
    variance = np.maximum(squares / rows.size - np.square(shift), 0.0)
    return (first + shift).astype(np.float32), variance.astype(np.float32)
