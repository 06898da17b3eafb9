"""The steps of a training as graphs, and an optimizer that is Keras' own except for rounding."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap.model._backend import backend, keras


def _weights(optimizer: object, gradients: np.ndarray) -> list[np.ndarray]:
    start = np.random.default_rng(1).normal(size=gradients.shape[1:]).astype(np.float32)
    variables = [keras().Variable(start), keras().Variable(start[0])]
    for gradient in gradients:
        step = [keras().ops.convert_to_tensor(each) for each in (gradient, gradient[0])]
        optimizer.apply(step, variables)  # type: ignore[attr-defined]
    return [keras().ops.convert_to_numpy(each) for each in variables]


pytestmark = pytest.mark.skipif(backend() != "tensorflow", reason="for TensorFlow")


@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_updates_are_those_of_keras(weight_decay: float) -> None:
    from tissueshap.model._tensorflow import AdamW

    gradients = np.random.default_rng(0).normal(size=(20, 7, 5)).astype(np.float32)
    cosine = keras().optimizers.schedules.CosineDecay(0.05, decay_steps=20)
    own, expected = (
        _weights(kind(cosine, weight_decay=weight_decay), gradients)
        for kind in (AdamW, keras().optimizers.AdamW)
    )
    for one, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)  # each step moves them by up to 0.05


def test_a_step_is_traced_once_for_batches_of_any_size() -> None:
    from tissueshap.model._tensorflow import steps

    traces = []

    class Traced(keras().Model):  # type: ignore[misc]
        def train_step(self, data: object) -> object:
            traces.append("train")
            return super().train_step(data)

    inputs = keras().Input((4,))
    network = Traced(inputs, keras().layers.Dense(3, activation="softmax")(inputs))
    network.compile("adam", "categorical_crossentropy", weighted_metrics=["accuracy"])
    train, test = steps(network)
    before = network.get_weights()[0]
    for size in (5, 3, 5, 8):
        x, y = np.ones((size, 4), np.float32), np.eye(3, dtype=np.float32)[np.arange(size) % 3]
        scores = train(x, y, np.ones(size, np.float32))
    assert traces == ["train"]
    assert not np.allclose(network.get_weights()[0], before)
    network.reset_metrics()
    own = test(x, y, np.ones(size, np.float32))
    expected = network.evaluate(x, y, verbose=0, return_dict=True)
    assert float(own["loss"]) == pytest.approx(expected["loss"], rel=1e-5)
    assert float(own["accuracy"]) == pytest.approx(expected["accuracy"])
    assert {"loss", "accuracy"} <= set(scores)
