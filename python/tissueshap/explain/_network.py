"""The explained output of a network, on any backend of Keras, and the precision."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice
from tissueshap._core.settings import settings
from tissueshap.model import backend, keras, outputs as network_outputs

Output = Literal["probability", "logit"]

#: (points (n, g), targets (n,)) -> (n, g), tensors of the backend: row i is the gradient,
#: at point i, of the output that target i names.
Gradient = Callable[[Any, Any], Any]

#: Arrays in, an array out.
Call = Callable[..., np.ndarray]

#: Layers that mixed precision applies to. Layers that prepare the input stay in float32 (of
#: values around 10, bfloat16 keeps two digits), as do those that return probabilities.
_LOWERED = ("Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Flatten", "Dropout", "Dense")


def cut(network: Any, output: str) -> Any:
    """Return the network up to its probabilities or up to its logits."""
    check_choice("output", output, ("probability", "logit"))
    if output == "probability":
        return network
    last = network.layers[-1]
    if type(last).__name__ not in ("Activation", "Softmax"):
        raise DataError(
            f"the network ends in the layer {last.name!r}, not in a softmax of its own: its "
            f"logits cannot be reached; use output='probability'"
        )
    return keras().Model(network.input, last.input)


def in_precision(network: Any, *, mixed: bool) -> Any:
    """Return the network computing in float32, or with `mixed` mostly in bfloat16.

    A network that already computes in float32 is returned unchanged without `mixed`. One that
    was trained in mixed precision is explained in float32 by default.
    """
    if not mixed and all(layer.compute_dtype == "float32" for layer in network.layers):
        return network

    def again(layer: Any) -> Any:
        exact = not mixed or type(layer).__name__ not in _LOWERED
        config = {**layer.get_config(), "dtype": "float32" if exact else "mixed_bfloat16"}
        return type(layer).from_config(config)

    copy = keras().models.clone_model(network, clone_function=again)
    copy.set_weights(network.get_weights())
    return copy


def compiled(network: Any, output: str, function: Callable[..., Any]) -> Call:
    """Return ``function(gradient, *arrays)``, compiled by the backend.

    Parameters
    ----------
    network, output
        What is explained.
    function
        Takes a :data:`Gradient` and tensors, returns a tensor.

    Returns
    -------
    A function of arrays.
    """
    call: Call = _module().compiled(cut(network, output), function)
    return call


def device_bytes() -> int | None:
    """Return the memory of the accelerator that Keras runs on, None for a CPU."""
    n_bytes: int | None = _module().device_bytes()
    return n_bytes


def apart() -> bool:
    """Return whether networks can be trained and explained by several processes.

    They would ask one accelerator for all of its memory; the workers of a cluster have their own.
    """
    return settings.client is not None or device_bytes() is None


def outputs(network: Any, output: str, x: Any) -> np.ndarray:
    """Return the explained outputs of some samples, samples x classes, float64."""
    return network_outputs(cut(network, output), x).astype(np.float64)


def _module() -> Any:
    name = backend()
    if name not in ("tensorflow", "jax", "torch"):
        raise DataError(
            f"Keras runs on {name!r}, which does not compute gradients: set KERAS_BACKEND to "
            f"'tensorflow', 'jax' or 'torch' before Python starts"
        )
    return importlib.import_module(f"tissueshap.explain._{name}")
