"""A network's logits and last hidden layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap.model._backend import keras
from tissueshap.model._outputs import outputs

#: Wider layers are inputs, not features: a linear model's logits then stand for them.
_WIDEST = 4096
#: Name of the layer that computes logits; in an average ``logits_of_1``, ``logits_of_2``, ...
_LOGITS = "logits"


def activations(network: Any, x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits of samples, and their features in the last hidden layer.

    Parameters
    ----------
    network
        ``keras.Model``, one network or an average, whose features are those of its members
        side by side.
    x
        Samples x genes; anything with a shape that can be indexed by an array of rows.

    Returns
    -------
    float32, samples x classes; float32, samples x features.
    """
    dense = keras().layers.Dense
    last = [
        layer
        for layer in network.layers
        if isinstance(layer, dense) and layer.name.split("_of_")[0] == _LOGITS
    ]
    logits = network.layers[-1].input
    hidden = [layer.input if layer.input.shape[-1] <= _WIDEST else layer.output for layer in last]
    both = keras().layers.Concatenate()([logits, *hidden])
    values = outputs(keras().Model(network.input, both), x)
    n_classes = int(network.output_shape[-1])
    return values[:, :n_classes], values[:, n_classes:]
