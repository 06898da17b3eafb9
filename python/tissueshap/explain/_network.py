"""What of a network is explained, and its gradients on whichever backend Keras runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from tissueshap._errors import DataError
from tissueshap.model._backend import backend, keras
from tissueshap.model._outputs import outputs as network_outputs

Output = Literal["probability", "logit"]

#: (points (n, g) float32, targets (n,) int32) -> (n, g): row i is the gradient, at point
#: i, of the output that target i names.
Gradient = Callable[[np.ndarray, np.ndarray], np.ndarray]


def cut(network: Any, output: str) -> Any:
    """Return the network up to its probabilities or up to its logits."""
    if output == "probability":
        return network
    if output != "logit":
        raise DataError(f"output={output!r}: choose 'probability' or 'logit'")
    last = network.layers[-1]
    if type(last).__name__ not in ("Activation", "Softmax"):
        raise DataError(
            f"the network ends in the layer {last.name!r}, not in a softmax of its own: its "
            f"logits cannot be reached; use output='probability'"
        )
    return keras().Model(network.input, last.input)


def gradient(network: Any, output: str) -> Gradient:
    """Return the gradient function of the backend that Keras runs on."""
    name = backend()
    if name not in ("tensorflow", "jax", "torch"):
        raise DataError(
            f"Keras runs on {name!r}, which has no gradients: set KERAS_BACKEND to "
            f"'tensorflow', 'jax' or 'torch' before Python starts"
        )
    module = importlib.import_module(f"tissueshap.explain._{name}")
    found: Gradient = module.gradient(network, output)
    return found


def outputs(network: Any, output: str, x: Any) -> np.ndarray:
    """Return the explained outputs of some samples, samples x classes, float64."""
    return network_outputs(cut(network, output), x).astype(np.float64)
