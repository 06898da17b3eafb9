"""Training with TensorFlow: a step as one graph, and AdamW. Imported only for a training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tissueshap.model import _backend

keras = _backend.keras()


def steps(network: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return what trains a compiled network on a batch, and what tests it.

    Each is a graph for batches of any size. ``train_on_batch`` of Keras has one for each size,
    and in older versions one for each call.
    """
    shapes = (network.input_shape, network.output_shape, (None,))
    signature = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    # Their variables cannot be made within a graph.
    network.optimizer.build(network.trainable_variables)
    no_class = np.zeros((1, network.output_shape[-1]), np.float32)
    network.compute_metrics(None, no_class, no_class, sample_weight=np.ones(1, np.float32))

    def compiled(step: Callable[..., Any]) -> Callable[..., Any]:
        graph: Callable[..., Any] = tf.function(
            lambda *batch: step(batch), input_signature=signature
        )
        return graph

    return compiled(network.train_step), compiled(network.test_step)


class AdamW(keras.optimizers.AdamW):  # type: ignore[name-defined,misc]
    """``keras.optimizers.AdamW`` by TensorFlow's own operation.

    Keras computes an update in a dozen operations, each of which reads and writes an array as
    large as the weights. With 15,000 genes and 64 samples in a batch they take twice as long as
    the gradients. The values differ by rounding.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable."""
        number = self._get_variable_index(variable)
        mean, squares = self._momentums[number], self._velocities[number]
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=_stored(variable).handle,
            m=_stored(mean).handle,
            v=_stored(squares).handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, variable.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, variable.dtype), step),
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=tf.cast(self.beta_1, variable.dtype),
            beta2=tf.cast(self.beta_2, variable.dtype),
            epsilon=tf.cast(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )

    def _apply_weight_decay(self, variables: Sequence[Any]) -> None:
        for variable in variables:
            if self.weight_decay is not None and self._use_weight_decay(variable):
                share = tf.cast(self.weight_decay * self.learning_rate, variable.dtype)
                tf.raw_ops.ResourceApplyGradientDescent(
                    var=_stored(variable).handle, alpha=share, delta=_stored(variable)
                )


def _stored(variable: Any) -> Any:
    """Return TensorFlow's variable of Keras' one."""
    return variable.value if isinstance(variable, keras.Variable) else variable
