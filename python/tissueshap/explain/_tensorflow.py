"""Gradients with TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap.explain._network import Gradient, cut


def gradient(network: Any, output: str) -> Gradient:
    """Return a compiled function of (points, targets): each row's gradient of its target."""
    import tensorflow as tf

    explained = cut(network, output)

    def run(points: Any, targets: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            outputs = explained(points, training=False)
            chosen = tf.gather(outputs, targets, axis=1, batch_dims=1)
        return tape.gradient(chosen, points)

    compiled = tf.function(run).get_concrete_function(
        tf.TensorSpec((None, explained.input_shape[-1]), tf.float32),
        tf.TensorSpec((None,), tf.int32),
    )

    def call(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        found: np.ndarray = compiled(tf.constant(points), tf.constant(targets)).numpy()
        return found

    return call
