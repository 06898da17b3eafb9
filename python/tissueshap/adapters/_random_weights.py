"""Cascading randomisation: the weights are replaced by random ones, layer by layer.

Adebayo et al., NeurIPS 2018 (arXiv:1810.03292). An explanation that does not change
reflects the data or the architecture, not what the model has learned.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args

import numpy as np

from tissueshap.model import keras

#: The side of the network on which the cascade starts.
Side = Literal["output", "input"]
SIDES: tuple[Side, ...] = get_args(Side)


def randomised(network: Any, *, seed: int, side: Side = "output") -> Iterator[tuple[int, str, Any]]:
    """Yield a copy of a network with one more layer re-initialised each time.

    Weights are drawn again (Glorot's uniform), biases set to 0, and batch normalisation is
    reset to its state before training, together with the layer that the cascade reaches next.
    Layers without trained weights (standardisation, dropout) are not changed.

    Parameters
    ----------
    network
        ``keras.Model``; it is not changed.
    side
        Where the first layer is: at the ``"output"`` or at the ``"input"``.
    seed
        Seed of the new weights.

    Yields
    ------
    Number of layers re-initialised, name of the last of them, and the network (always the
    same copy).
    """
    copy = keras().models.clone_model(network)
    copy.set_weights(network.get_weights())
    rng = np.random.default_rng(seed)
    number = 0
    for layer in reversed(copy.layers) if side == "output" else copy.layers:
        if not layer.trainable_weights:
            continue
        if any(len(weight.shape) > 1 for weight in layer.trainable_weights):
            for weight in layer.weights:
                weight.assign(_glorot(tuple(weight.shape), rng))
            number += 1
            yield number, str(layer.name), copy
        else:
            for weight in layer.weights:
                ones = weight.name in ("gamma", "moving_variance")
                weight.assign(np.full(weight.shape, float(ones), dtype=np.float32))


def n_layers(network: Any) -> int:
    """Return how many layers :func:`randomised` re-initialises, one after the other."""
    return sum(
        any(len(weight.shape) > 1 for weight in layer.trainable_weights) for layer in network.layers
    )


def _glorot(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Return new weights, uniform as ``keras.initializers.GlorotUniform``; 0 for biases."""
    if len(shape) < 2:
        return np.zeros(shape, dtype=np.float32)
    reach = int(np.prod(shape[:-2]))
    limit = np.sqrt(6 / (reach * (shape[-2] + shape[-1])))
    return rng.uniform(-limit, limit, shape).astype(np.float32)
