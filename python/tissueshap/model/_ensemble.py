"""Several networks as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from tissueshap.model._backend import keras
from tissueshap.model._classifier import Classifier


def average(members: Sequence[Classifier]) -> Classifier:
    """Return the classifier whose probabilities are the mean of its members'.

    It is a single network that is saved, applied and explained like any other. Its logits are
    the logarithm of the mean probabilities, so that its softmax returns these exactly.

    Parameters
    ----------
    members
        Classifiers of the same genes and classes.

    Returns
    -------
    The classifier. Its history has those of the members, distinguished by ``model``, 1 the
    first.
    """
    from tissueshap.model._layers import MeanProbability

    layers = keras().layers
    inputs = keras().Input((len(members[0].genes),), dtype="float32", name="log2")
    logits = [_logits(one, inputs, number) for number, one in enumerate(members, start=1)]
    mean = MeanProbability(name="logits")(logits)
    probabilities = layers.Activation("softmax", name="probability", dtype="float32")(mean)
    network = keras().Model(inputs, probabilities, name=f"mean_of_{len(members)}")
    histories = [one.history.assign(model=number) for number, one in enumerate(members, start=1)]
    return replace(
        members[0],
        network=network,
        history=pd.concat(histories, ignore_index=True),
        training=_training([one.training for one in members]),
    )


def _training(members: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a summary of how the members were trained."""
    return {
        "learning_rate": min(one["learning_rate"] for one in members),
        "retries": sum(one["retries"] for one in members),
        "diverged": any(one["diverged"] for one in members),
    }


def _logits(member: Classifier, inputs: Any, number: int) -> Any:
    """Return the logits of a copy of a member on the given inputs, its layers renamed."""

    def renamed(layer: Any) -> Any:
        config = layer.get_config()
        return type(layer).from_config({**config, "name": f"{config['name']}_of_{number}"})

    copy = keras().models.clone_model(member.network, input_tensors=inputs, clone_function=renamed)
    copy.set_weights(member.network.get_weights())
    return copy.layers[-1].input
