"""A model trained again as the given one was."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tissueshap._core import slots
from tissueshap.adapters import Model, adapt, explained_with, trained_again
from tissueshap.explain import apart
from tissueshap.model import Classifier, Layout, preset, restored

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.adapters import Explain


@dataclass(frozen=True)
class Trainer:
    """Trains a model like the given one.

    Attributes
    ----------
    run
        A function of an AnnData, its label, ``seed`` and ``layout`` (of the genes).
    depends
        What its models depend on in addition to the data and the seed; None if that is unknown.
    apart
        Whether it can run in another process.
    """

    run: Callable[..., Model]
    depends: str | None
    apart: bool


def trainer(
    adata: AnnData,
    model: Any,
    adapted: Model,
    *,
    train: Callable[..., Any] | None,
    explain: Explain | None,
    layer: str,
    cnn: Callable[..., Classifier],
) -> Trainer:
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
    if train is None:
        settings = _settings(adata, model, layer=layer) if isinstance(model, Classifier) else {}
        run = partial(_network, cnn, settings, explain)
        depends = None if explain is not None else repr(sorted(settings.items()))
        return Trainer(run, depends, apart=explain is None and apart())

    def again(training: AnnData, label: str, *, seed: int, layout: Layout | None = None) -> Model:
        new = trained_again(train, training, label, model=adapted, layer=layer, seed=seed)
        return new if explain is None else explained_with(new, explain)

    sources = [_source(function) for function in (train, explain) if function is not None]
    known = [text for text in sources if text is not None]
    # In addition to what it returns, a function of the user's may do anything: it stays here.
    return Trainer(again, "\n".join(known) if len(known) == len(sources) else None, apart=False)


def _network(
    cnn: Callable[..., Classifier],
    settings: dict[str, Any],
    explain: Explain | None,
    training: AnnData,
    label: str,
    *,
    seed: int,
    layout: Layout | None = None,
) -> Model:
    new = adapt(cnn(training, label, **settings, seed=seed, layout=layout))
    return new if explain is None else explained_with(new, explain)


def _source(function: Callable[..., Any]) -> str | None:
    """Return a function's own lines, if they can be read."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return None


def _settings(adata: AnnData, model: Classifier, *, layer: str) -> dict[str, Any]:
    """Return the settings of ``tl.cnn`` that trained a classifier, without its seed."""
    record = slots.record(adata).get("cnn", {})
    params = record.get("params", {})
    own = restored(str(record["settings"])) if "settings" in record else preset(model.preset)
    return {
        "preset": own,
        "n_models": int(params.get("n_models", 1)),
        "balanced": bool(params.get("balanced", True)),
        "layer": layer,
    }
