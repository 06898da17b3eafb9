"""A model trained again by the user's function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import schema
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap.adapters._adapt import adapt
from tissueshap.adapters._model import Model

if TYPE_CHECKING:
    from anndata import AnnData


def trained_again(
    train: Callable[..., Any], training: AnnData, label: str, *, model: Model, layer: str, seed: int
) -> Model:
    """Return what the user's function trains.

    Parameters
    ----------
    train
        ``train(adata, seed)`` if its first parameter has that name, otherwise
        ``train(x, y, seed)``.
    training
        The genes of the new model, with the training samples marked in ``obs["split"]``.
    label, layer
        Column with the classes, and the model's input.
    model
        The model that is trained again: the new one has its classes.
    seed
        Seed of the training.

    Raises
    ------
    DataError
        The new model has other classes.
    """
    rows = np.flatnonzero(np.asarray(training.obs[schema.obs.split].astype(str)) == "train")
    if next(iter(inspect.signature(train).parameters), "") == "adata":
        part = training[rows].copy()
        part.X = part.layers[layer]
        new = train(part, seed)
    else:
        x = np.ascontiguousarray(dense(training.layers[layer][rows]), dtype=np.float32)
        new = train(x, training.obs[label].astype(str).to_numpy()[rows], seed)
    own = getattr(new, "classes_", None)
    if own is not None and len(own) != len(model.classes):
        raise DataError(
            f"train= returned a model of {len(own)} classes instead of {len(model.classes)}"
        )
    return adapt(new, genes=list(map(str, training.var_names)), classes=model.classes)
