"""Keras networks: those of ``tl.cnn``, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from tissueshap._core.errors import DataError
from tissueshap.adapters._model import Model, are_probabilities, check_outputs, names, probes
from tissueshap.adapters._random_weights import n_layers, randomised
from tissueshap.explain import N_DRAWS, Explainer, KerasNetwork
from tissueshap.model import Classifier, is_average, keras, members, outputs


def of_classifier(classifier: Classifier) -> Model:
    """Return a classifier of ``tl.cnn`` as a model."""
    history = classifier.history
    return _of_network(
        classifier.network,
        lambda other: replace(classifier, network=other),
        source=classifier,
        kind="Keras network of ts.tl.cnn",
        genes=list(classifier.genes),
        classes=list(classifier.classes),
        seconds=float(history["seconds"].sum()) if "seconds" in history else None,
        trained_on=classifier.trained_on,
        identity=classifier.fingerprint(),
    )


def of_keras(
    network: Any, *, genes: Sequence[str] | None = None, classes: Sequence[str] | None = None
) -> Model:
    """Return another Keras network, whose outputs are probabilities or logits, as a model."""
    kind = "Keras network"
    try:
        whole = keras().Model(network.inputs[0], network.outputs[0])
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(
            "the Keras network was not built from its layers: pass a functional or Sequential "
            "model with an Input, or ts.adapters.adapt(function, gradient=...)"
        ) from error
    if len(whole.input_shape) != 2:
        raise DataError(
            f"the Keras network takes an input of shape {whole.input_shape}, not samples x "
            "genes: put a Reshape layer in front"
        )
    named = names(kind, "genes", None, genes)
    if whole.input_shape[-1] != len(named):
        raise DataError(
            f"the {kind} takes {whole.input_shape[-1]} genes, but {len(named)} are named"
        )
    labels = names(kind, "classes", None, classes)
    raw = outputs(whole, probes(len(named)))
    check_outputs(kind, raw, labels)
    logits = not are_probabilities(raw)
    if logits:
        whole = keras().Model(whole.input, keras().layers.Softmax()(whole.output))
    own = _without_softmax if logits else _itself
    return _of_network(whole, own, source=network, kind=kind, genes=named, classes=labels)


def _itself(network: Any) -> Any:
    return network


def _without_softmax(network: Any) -> Any:
    return keras().Model(network.input, network.layers[-1].input)


def _of_network(network: Any, as_source: Callable[[Any], Any], **about: Any) -> Model:
    """Return a network as a model.

    Parameters
    ----------
    network
        Returns probabilities.
    as_source
        Returns what a copy with other weights is to the user: as what was adapted.
    **about
        Of the :class:`Model`.
    """
    # Compiled once for all explanations of the network.
    compiled: dict[str, KerasNetwork] = {}

    def explainer(
        background: Any,
        *,
        n_draws: int | None = None,
        tolerance: float | None = None,
        output: str | None = None,
        method: str | None = None,
        seed: int = 42,
    ) -> Explainer:
        chosen = output or "probability"
        return Explainer(
            compiled.setdefault(chosen, KerasNetwork(network, chosen)),
            background,
            output=chosen,
            method=method or "stratified",
            n_draws=n_draws or N_DRAWS,
            tolerance=tolerance,
            seed=seed,
        )

    return Model(
        probabilities=partial(outputs, network),
        explainer=explainer,
        explained_by="expected gradients",
        randomised=partial(_randomised, network, as_source, about),
        n_layers=n_layers(network),
        members=partial(_members, network, as_source, about) if is_average(network) else None,
        sees_order=any("Conv" in type(layer).__name__ for layer in network.layers),
        **about,
    )


def _members(
    network: Any, as_source: Callable[[Any], Any], about: dict[str, Any]
) -> Iterator[Model]:
    copy, model = None, None
    for one in members(network):
        # The same copy for all that differ in their weights alone: it is compiled once.
        if copy is None or model is None or _layers(one) != _layers(copy):
            copy = keras().models.clone_model(one)
            own = {"source": as_source(copy), "seconds": None, "identity": None}
            model = _of_network(copy, as_source, **{**about, **own})
        copy.set_weights(one.get_weights())
        yield model


def _layers(network: Any) -> list[str]:
    """Return what each layer of a network does, once it has its weights."""
    return [
        repr(
            {
                key: value
                for key, value in layer.get_config().items()
                if key not in ("name", "seed") and not key.endswith("_initializer")
            }
        )
        for layer in network.layers
    ]


def _randomised(
    network: Any,
    as_source: Callable[[Any], Any],
    about: dict[str, Any],
    *,
    seed: int,
    side: Any = "output",
) -> Iterator[tuple[int, str, Model]]:
    model = None
    for number, name, copy in randomised(network, seed=seed, side=side):
        # The same copy each time: what was compiled for it is used again.
        if model is None:
            own = {"source": as_source(copy), "identity": None}
            model = _of_network(copy, as_source, **{**about, **own})
        yield number, name, model


def is_keras(model: Any) -> bool:
    """Return whether this is a Keras network; Keras is not imported to find out."""
    return any(
        kind.__module__.startswith("keras.") and kind.__name__ == "Model"
        for kind in type(model).__mro__
    )
