"""Gradients with JAX."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap.explain._network import Gradient, cut


def gradient(network: Any, output: str) -> Gradient:
    """Return a compiled function of (points, targets): each row's gradient of its target."""
    import jax
    import jax.numpy as jnp

    explained = cut(network, output)
    # The weights are arguments, not constants of the compiled function, which would
    # hold a copy of them.
    weights = [variable.value for variable in explained.trainable_variables]
    fixed = [variable.value for variable in explained.non_trainable_variables]

    def total(points: Any, targets: Any, weights: Any, fixed: Any) -> Any:
        outputs, _ = explained.stateless_call(weights, fixed, points, training=False)
        return jnp.take_along_axis(outputs, targets[:, None], axis=1).sum()

    run = jax.jit(jax.grad(total))

    def call(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return np.asarray(run(jnp.asarray(points), jnp.asarray(targets), weights, fixed))

    return call
