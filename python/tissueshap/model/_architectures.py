"""The networks: from a sample's log2 expression to class probabilities.

All preparation of the input (standardising, padding, the square image) is done by layers,
so that a network takes the unchanged matrix and gradients reach the genes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice
from tissueshap.model._backend import keras
from tissueshap.model._layouts import image_side

if TYPE_CHECKING:
    from tissueshap.model._presets import Preset


#: Added to a sample's variance over its genes.
_EPSILON = 1e-6

#: Variance of log2 values that is only rounding: float32 represents 10 to about 1e-6.
_NO_VARIANCE = 1e-10


def centred_on(settings: Preset, x: np.ndarray) -> np.ndarray:
    """Return the values from which the means and variances for :func:`build` are computed.

    Parameters
    ----------
    settings
        The preset.
    x
        log2 expression, samples x genes.

    Returns
    -------
    Standardised samples if the preset standardises them, otherwise the values themselves.
    """
    if settings.standardise != "samples":
        return x
    centred = x - x.mean(axis=1, keepdims=True, dtype=np.float64)
    variance = np.square(centred).mean(axis=1, keepdims=True)
    scaled: np.ndarray = centred / np.sqrt(variance + _EPSILON)
    return scaled.astype(np.float32)


class _Seeds:
    """Seeds for the layers, one after the other, from one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def __call__(self) -> int:
        return int(self._rng.integers(2**31 - 1))


def build(
    settings: Preset,
    *,
    n_genes: int,
    n_classes: int,
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
    cells: np.ndarray | None = None,
    seed: int = 42,
) -> Any:
    """Return an untrained network of a preset's architecture.

    Parameters
    ----------
    settings
        The preset.
    n_genes, n_classes
        Width of the input and of the output.
    mean, variance
        Of each gene over the training samples, computed from what :func:`centred_on` returns.
    cells
        Cell of each gene on the image of a ``cnn``; row by row by default.
    seed
        Seed of the initial weights and of dropout.

    Returns
    -------
    A ``keras.Model`` from float32 (n, n_genes) to probabilities (n, n_classes). Its last
    layer is the softmax alone: ``layers[-1].input`` are the logits.

    Examples
    --------
    >>> settings = ts.model.Preset(name="plain", standardise="none", widths=(16,))
    >>> network = ts.model.build(settings, n_genes=50, n_classes=3)
    >>> network.output_shape
    (None, 3)
    """
    layers, seeds = keras().layers, _Seeds(seed)
    inputs = keras().Input((n_genes,), dtype="float32", name="log2")
    hidden = inputs
    if settings.standardise == "samples":
        hidden = layers.LayerNormalization(center=False, scale=False, epsilon=_EPSILON)(hidden)
        if settings.centring:
            if mean is None:
                raise DataError("a preset that centres genes needs each gene's mean")
            hidden = layers.Normalization(
                mean=settings.centring * mean, variance=np.ones_like(mean)
            )(hidden)
    elif settings.standardise == "genes":
        if mean is None or variance is None:
            raise DataError("a preset that standardises genes needs each gene's mean and variance")
        hidden = layers.Normalization(mean=mean, variance=_spread(variance))(hidden)
    else:
        check_choice("standardise", settings.standardise, ("genes", "samples", "none"))
    if settings.input_dropout:
        hidden = layers.Dropout(settings.input_dropout, seed=seeds())(hidden)
    if settings.arch == "cnn":
        hidden = _convolved(_image(hidden, n_genes, cells), settings, seeds)
    if settings.arch != "linear":
        hidden = _mlp(hidden, settings, seeds)
    start = settings.gene_start if settings.arch == "linear" else 1.0
    logits = _dense(n_classes, seeds, start=start, name="logits")(hidden)
    probabilities = layers.Activation("softmax", name="probability", dtype="float32")(logits)
    return keras().Model(inputs, probabilities, name=settings.arch)


def _image(hidden: Any, n_genes: int, cells: np.ndarray | None) -> Any:
    layers, side = keras().layers, image_side(n_genes)
    if side < 4:
        raise DataError(
            f"{n_genes} genes give an image of {side} x {side}, too small to be pooled twice: "
            f"use arch='mlp'"
        )
    if cells is not None:
        from tissueshap.model._layers import Layout

        return Layout(cells.tolist(), side)(hidden)
    hidden = layers.Reshape((n_genes, 1))(hidden)
    hidden = layers.ZeroPadding1D((0, side * side - n_genes))(hidden)
    return layers.Reshape((side, side, 1))(hidden)


def _convolved(hidden: Any, settings: Preset, seeds: _Seeds) -> Any:
    layers = keras().layers
    for number, filters in enumerate(settings.filters, start=1):
        start = keras().initializers.GlorotUniform(seed=seeds())
        hidden = layers.Conv2D(filters, 3, padding="same", kernel_initializer=start)(hidden)
        hidden = _normalised(hidden, settings)
        hidden = layers.ReLU()(hidden)
        if number % 2 == 0:
            hidden = layers.MaxPooling2D(2)(hidden)
    hidden = layers.Flatten()(hidden)
    return layers.Dropout(settings.dropout, seed=seeds())(hidden)


def _mlp(hidden: Any, settings: Preset, seeds: _Seeds) -> Any:
    layers = keras().layers
    start = settings.gene_start if settings.arch == "mlp" else 1.0
    for units in settings.widths:
        hidden = _dense(units, seeds, start=start)(hidden)
        start = 1.0
        hidden = _normalised(hidden, settings)
        hidden = layers.ReLU()(hidden)
        hidden = layers.Dropout(settings.dropout, seed=seeds())(hidden)
    return hidden


def _normalised(hidden: Any, settings: Preset) -> Any:
    if settings.batch_norm is None:
        return hidden
    return keras().layers.BatchNormalization(momentum=settings.batch_norm)(hidden)


def _dense(units: int, seeds: _Seeds, *, start: float = 1.0, **options: Any) -> Any:
    """Return a dense layer whose initial weights are Glorot's uniform ones times `start`."""
    weights = keras().initializers.VarianceScaling(
        scale=start**2, mode="fan_avg", distribution="uniform", seed=seeds()
    )
    return keras().layers.Dense(units, kernel_initializer=weights, **options)


def _spread(variance: np.ndarray) -> np.ndarray:
    """Return the variances, 1 for a gene that never varies: its input is then 0, not 0/0.

    Rounding gives such a gene a variance slightly above 0, and a new sample that expresses
    it would be billions of standard deviations away.
    """
    return np.where(variance > _NO_VARIANCE, variance, 1.0)
