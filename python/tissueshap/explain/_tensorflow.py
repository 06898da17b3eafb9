"""Gradients with TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap.explain._network import Gradient, cut


def gradient(network: Any, output: str) -> Gradient:
    """Return a compiled function of (points, targets): each row's gradient of its target."""
    import tensorflow as tf

    explained = cut(network, output)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator,unused-ignore]
    def run(points: Any, targets: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            outputs = explained(points, training=False)
            chosen = tf.gather(outputs, targets, axis=1, batch_dims=1)
        return tape.gradient(chosen, points)

    def call(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        found: np.ndarray = run(tf.constant(points), tf.constant(targets)).numpy()
        return found

    return call
