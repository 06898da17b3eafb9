"""The networks of which an average is the mean."""

from __future__ import annotations

from typing import Any

from tissueshap.model._backend import keras


def members(network: Any) -> list[Any]:
    """Return the networks whose mean probabilities a network returns; none for a single network.

    They share the network's layers and weights.

    Parameters
    ----------
    network
        ``keras.Model``.
    """
    layers = keras().layers
    return [
        keras().Model(
            network.input, layers.Activation("softmax", name="probability", dtype="float32")(logits)
        )
        for logits in _logits(network)
    ]


def is_average(network: Any) -> bool:
    """Return whether a network returns the mean probabilities of several."""
    return len(_logits(network)) > 1


def _logits(network: Any) -> list[Any]:
    from tissueshap.model._layers import MeanProbability

    for layer in network.layers:
        if isinstance(layer, MeanProbability):
            return list(layer.input)
    return []
