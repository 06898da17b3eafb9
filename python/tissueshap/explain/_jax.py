"""Gradients with JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def compiled(explained: Any, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
    """Return ``function(gradient, *arrays)``, compiled once for each shape."""
    import jax
    import jax.numpy as jnp

    def run(weights: Any, fixed: Any, *tensors: Any) -> Any:
        def total(points: Any, targets: Any) -> Any:
            outputs, _ = explained.stateless_call(weights, fixed, points, training=False)
            return jnp.take_along_axis(outputs, targets[:, None], axis=1).sum()

        return function(jax.grad(total), *tensors)

    graph = jax.jit(run)

    def call(*arrays: np.ndarray) -> np.ndarray:
        # The weights are arguments and not constants of the compiled function, which would
        # store a copy of them, and not follow when they change.
        weights = [variable.value for variable in explained.trainable_variables]
        fixed = [variable.value for variable in explained.non_trainable_variables]
        return np.asarray(graph(weights, fixed, *arrays))

    return call


def device_bytes() -> int | None:
    """Return the memory of the first device, in bytes; None for a CPU."""
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        return None
    return int((device.memory_stats() or {}).get("bytes_limit", 8 * 2**30))
