"""AdamW for TensorFlow, each weight updated in one pass. Imported only for a training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tissueshap.model import _backend

keras = _backend.keras()


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
