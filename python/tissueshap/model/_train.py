"""From training rows to a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import checkpoints
from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap.model._architectures import build
from tissueshap.model._backend import keras
from tissueshap.model._classifier import Classifier
from tissueshap.model._divergence import SMALLER, diverges
from tissueshap.model._recorded import recorded

if TYPE_CHECKING:
    import pandas as pd

    from tissueshap.model._presets import Preset
    from tissueshap.model._rows import TrainingRows


def train(
    rows: TrainingRows,
    settings: Preset,
    *,
    genes: Sequence[str],
    classes: Sequence[str],
    mean: np.ndarray | None = None,
    variance: np.ndarray | None = None,
    cells: np.ndarray | None = None,
    label: str = "",
    seed: int = 42,
) -> Classifier:
    """Build and train a network.

    A training that diverges is stopped and repeated from the start with a quarter of the
    learning rate, at most ``retries`` times. The last attempt is kept even if it diverges;
    ``Classifier.training`` reports this.

    Parameters
    ----------
    rows
        The training rows.
    settings
        The preset.
    genes, classes
        Names of the inputs and of the outputs.
    mean, variance
        Of each gene over the training samples, if the preset standardises genes.
    cells
        Cell of each gene on the image of a ``cnn``; row by row by default.
    label
        Column that held the classes, for the record.
    seed
        Seed of weights, dropout and order. No global seed is set; another process with the
        same seed trains the same network.

    Returns
    -------
    The classifier.

    Raises
    ------
    DataError
        The weights of the last attempt are not finite.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(40, 20)).astype("float32")
    >>> codes = np.repeat([0, 1], 20)
    >>> table = pd.DataFrame({"sample": range(40), "neighbour": range(40)})
    >>> table = table.assign(mix=0.0, weight=1.0)  # each sample once, none mixed
    >>> rows = ts.model.TrainingRows(table, codes, lambda part: x[part["sample"]], x[:0], codes[:0])
    >>> settings = ts.model.preset("small").changed(standardise="none", epochs=3)
    >>> genes = [f"g{number}" for number in range(20)]
    >>> ts.model.train(rows, settings, genes=genes, classes=["A", "B"]).classes
    ['A', 'B']
    """
    inputs = _Inputs(list(genes), list(classes), mean, variance, cells, label, seed)
    params = inputs.described(rows)
    classifier = checkpoints.once(
        "training",
        {**params, "settings": recorded(settings)},
        lambda: _trained(rows, settings, inputs, params),
        pack=_packed,
        unpack=lambda kept: _unpacked(kept, settings, inputs),
    )
    if (state := _state(params, settings)) is not None:
        state.remove()
    return classifier


def _state(params: dict[str, Any], settings: Preset) -> checkpoints.Latest | None:
    """Return where the state of a training is kept."""
    return checkpoints.latest("epoch", {**params, "settings": recorded(settings)})


@dataclass(frozen=True)
class _Inputs:
    """What a network is built from, besides its settings."""

    genes: list[str]
    classes: list[str]
    mean: np.ndarray | None
    variance: np.ndarray | None
    cells: np.ndarray | None
    label: str
    seed: int

    def network(self, settings: Preset) -> Any:
        """Return a network that has not been trained."""
        return build(
            settings,
            n_genes=len(self.genes),
            n_classes=len(self.classes),
            mean=self.mean,
            variance=self.variance,
            cells=self.cells,
            seed=self.seed,
        )

    def described(self, rows: TrainingRows) -> dict[str, Any]:
        """Return what distinguishes a training from others in the same step of a run."""
        held_out = (rows.x_validation, rows.codes_validation)
        return {**vars(self), "rows": [rows.table, rows.codes, *held_out]}


def _trained(
    rows: TrainingRows, settings: Preset, inputs: _Inputs, params: dict[str, Any]
) -> Classifier:
    from tissueshap.model._fit import fit

    retries = 0
    while True:
        left = settings.retries - retries
        network, history, start = fit(
            inputs.network(settings),
            settings,
            rows,
            seed=inputs.seed,
            give_up=left > 0,
            state=_state(params, settings),
        )
        finite = _is_finite(network, history)
        losses = history["loss"].to_numpy()
        diverged = not finite or diverges(losses.tolist(), len(inputs.classes), start=start)
        if not diverged or left == 0:
            break
        retries += 1
        settings = replace(settings, learning_rate=SMALLER * settings.learning_rate)
        logger.warning(
            "the training diverges (%s): starting again with the learning rate %.2g",
            f"its loss rises from {start:.2f} to {losses.max():.2f}"
            if finite
            else "its weights are not finite",
            settings.learning_rate,
        )
    if not finite:
        raise DataError(
            "the training diverges: its weights are not finite. Check the layer for values that "
            "are far too large, or pass settings with a smaller learning_rate: "
            "ts.tl.cnn(adata, preset=ts.model.Preset(...))"
        )
    if diverged:
        logger.warning(
            "the training diverged: its loss rose from %.2f to %.2f, was %.2f on average and %.2f "
            "at the end; pass settings with a smaller learning_rate",
            *(start, losses.max(), losses.mean(), losses[-1]),
        )
    return Classifier(
        network=network,
        classes=inputs.classes,
        genes=inputs.genes,
        preset=settings.name,
        history=history,
        label=inputs.label,
        training={
            "learning_rate": settings.learning_rate,
            "retries": retries,
            "diverged": diverged,
        },
    )


def _packed(classifier: Classifier) -> dict[str, Any]:
    to_numpy = keras().ops.convert_to_numpy
    return {
        "variables": [np.asarray(to_numpy(one)) for one in classifier.network.variables],
        "history": classifier.history,
        "training": classifier.training,
    }


def _unpacked(kept: dict[str, Any], settings: Preset, inputs: _Inputs) -> Classifier:
    network = inputs.network(settings)
    network = keras().Model(network.input, network.output, name=network.name)
    for variable, value in zip(network.variables, kept["variables"], strict=True):
        variable.assign(value)
    return Classifier(
        network=network,
        classes=inputs.classes,
        genes=inputs.genes,
        preset=settings.name,
        history=kept["history"],
        label=inputs.label,
        training=kept["training"],
    )


def _is_finite(network: Any, history: pd.DataFrame) -> bool:
    """Return whether loss and weights are finite; a ReLU can hide weights that are not."""
    finite = (np.isfinite(values).all() for values in network.get_weights())
    return bool(np.isfinite(history["loss"]).all()) and all(finite)
