"""Gradients with TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(explained: Any, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return ``function(gradient, *arrays)`` as one graph."""
    import tensorflow as tf

    def gradient(points: Any, targets: Any) -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(points)
            outputs = explained(points, training=False)
            chosen = tf.gather(outputs, targets, axis=1, batch_dims=1)
        return tape.gradient(chosen, points)

    graph = tf.function(lambda *tensors: function(gradient, *tensors))
    # A graph for each shape, stored here: TensorFlow would warn of many explainers.
    graphs: dict[tuple[tuple[int, ...], ...], Any] = {}

    def call(*arrays: np.ndarray) -> np.ndarray:
        tensors = [tf.constant(array) for array in arrays]
        shapes = tuple(array.shape for array in arrays)
        if shapes not in graphs:
            graphs[shapes] = graph.get_concrete_function(*tensors)
        result: np.ndarray = graphs[shapes](*tensors).numpy()
        return result

    return call


def device_bytes() -> int | None:
    """Return the memory of the first GPU, in bytes; None without one."""
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        return None
    # TensorFlow does not report how much there is, only how much it has taken.
    return 8 * 2**30
