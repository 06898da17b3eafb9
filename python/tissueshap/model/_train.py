"""From training rows to a classifier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tissueshap.model._architectures import build
from tissueshap.model._classifier import Classifier

if TYPE_CHECKING:
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

    Parameters
    ----------
    rows
        What to train on.
    settings
        The preset.
    genes, classes
        Names of the inputs and of the outputs.
    mean, variance
        Of each gene over the training samples, where the preset standardises genes.
    cells
        Cell of each gene on the image of a ``cnn``; row by row by default.
    label
        Column that held the classes, for the record.
    seed
        Seed of weights, dropout and order; no global seed is set, and a second process
        with the same seed makes the same network.

    Returns
    -------
    The classifier.
    """
    from tissueshap.model._fit import fit

    network = build(
        settings,
        n_genes=len(genes),
        n_classes=len(classes),
        mean=mean,
        variance=variance,
        cells=cells,
        seed=seed,
    )
    network, history = fit(network, settings, rows, seed=seed)
    return Classifier(
        network=network,
        classes=list(classes),
        genes=list(genes),
        preset=settings.name,
        history=history,
        label=label,
    )
