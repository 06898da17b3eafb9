"""The optimizer that updates each weight in one pass is Keras' own, except for rounding."""

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


@pytest.mark.skipif(backend() != "tensorflow", reason="other backends use Keras' own")
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_updates_are_those_of_keras(weight_decay: float) -> None:
    from tissueshap.model._adamw import AdamW

    gradients = np.random.default_rng(0).normal(size=(20, 7, 5)).astype(np.float32)
    cosine = keras().optimizers.schedules.CosineDecay(0.05, decay_steps=20)
    own, expected = (
        _weights(kind(cosine, weight_decay=weight_decay), gradients)
        for kind in (AdamW, keras().optimizers.AdamW)
    )
    for one, other in zip(own, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)  # each step moves them by up to 0.05
