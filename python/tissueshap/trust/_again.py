"""A model trained again as the given one was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tissueshap._core import slots
from tissueshap.adapters import Model, adapt, explained_with, trained_again
from tissueshap.model import Classifier, Layout, preset, restored

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.adapters import Explain


def trainer(
    adata: AnnData,
    model: Any,
    adapted: Model,
    *,
    train: Callable[..., Any] | None,
    explain: Explain | None,
    layer: str,
    cnn: Callable[..., Classifier],
) -> Callable[..., Model]:
    """Return what trains a model like the given one: ``tl.cnn``, or the user's function.

    Parameters
    ----------
    adata
        Where the record of the training is.
    model, adapted
        The model, as it was passed and in the common form.
    train
        The user's function; None trains a classifier as it was trained.
    explain
        The user's way of explaining, which the new model gets too.
    layer
        The model's input.
    cnn
        ``tl.cnn``.
    """

    def again(training: AnnData, label: str, *, seed: int, layout: Layout | None = None) -> Model:
        if train is None:
            settings = _settings(adata, model, layer=layer, seed=seed, layout=layout)
            new = adapt(cnn(training, label, **settings))
        else:
            new = trained_again(train, training, label, model=adapted, layer=layer, seed=seed)
        return new if explain is None else explained_with(new, explain)

    return again


def _settings(
    adata: AnnData, model: Classifier, *, layer: str, seed: int, layout: Layout | None
) -> dict[str, Any]:
    """Return the settings of ``tl.cnn`` that trained a classifier, with another seed."""
    record = slots.record(adata).get("cnn", {})
    params = record.get("params", {})
    own = restored(str(record["settings"])) if "settings" in record else preset(model.preset)
    return {
        "preset": own,
        "layout": layout,
        "n_models": int(params.get("n_models", 1)),
        "balanced": bool(params.get("balanced", True)),
        "layer": layer,
        "seed": seed,
    }
