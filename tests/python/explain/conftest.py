"""Small networks of known weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "shap_gradient_explainer.npz"


def dense_network(weights: list[np.ndarray]) -> Any:
    """Return a network: dense tanh layers, then logits, then a softmax of its own."""
    from tissueshap.model._backend import keras

    layers = keras().layers
    inputs = keras().Input((weights[0].shape[0],))
    hidden = inputs
    for bias in weights[1:-2:2]:
        hidden = layers.Dense(bias.size, activation="tanh")(hidden)
    logits = layers.Dense(weights[-1].size)(hidden)
    network = keras().Model(inputs, layers.Activation("softmax")(logits))
    network.set_weights(weights)
    return network


@pytest.fixture(scope="session")
def make_network() -> Callable[[list[np.ndarray]], Any]:
    return dense_network


@pytest.fixture(scope="session")
def golden() -> Mapping[str, np.ndarray]:
    """What shap.GradientExplainer says, by tests/golden/shap_gradient_explainer.py."""
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.fixture(scope="session")
def network(golden: Mapping[str, np.ndarray]) -> Any:
    return dense_network([golden[f"weight_{number}"] for number in range(4)])
