"""What the engine needs of a model: its outputs, and their gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from tissueshap._core.dense import dense
from tissueshap.explain._network import compiled, device_bytes, in_precision, outputs
from tissueshap.model import batch_rows, packed, unpacked

#: Bytes, and rows, that a pass may take on a CPU, where larger ones are not faster; TensorFlow
#: keeps the memory of the largest.
_CPU_BYTES, _CPU_ROWS = 2**30, 512

#: Samples x genes to what is explained, samples x classes.
Outputs = Callable[[np.ndarray], np.ndarray]


class Differentiable(Protocol):
    """A model whose outputs have a gradient."""

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs, samples x classes, float64."""

    def compiled(self, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
        """Return ``function(gradient, *arrays)`` as a function of arrays."""

    def rows(self) -> int:
        """Return the number of rows of a gradient pass."""


@dataclass(frozen=True)
class KerasNetwork:
    """A ``keras.Model``, on whichever backend Keras runs.

    What is compiled is kept, and follows the weights of the network when they change.
    """

    network: Any
    output: str = "probability"
    mixed: bool = False
    _calls: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what another process needs: it compiles for itself."""
        return _received, (packed(self.network), self.output, self.mixed)

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs, samples x classes, float64."""
        return outputs(self.network, self.output, x)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
        """Return ``function(gradient, *arrays)``, compiled by the backend."""
        explained = in_precision(self.network, mixed=self.mixed)
        if explained is not self.network:  # a copy, with the weights that it has now
            return compiled(explained, self.output, function)
        if function not in self._calls:
            self._calls[function] = compiled(explained, self.output, function)
        call: Callable[..., np.ndarray] = self._calls[function]
        return call

    def rows(self) -> int:
        """Return the number of rows of a pass: on a GPU what fits into a quarter of its memory."""
        explained = in_precision(self.network, mixed=self.mixed)
        memory = device_bytes()
        if memory is None:
            return min(_CPU_ROWS, batch_rows(explained, _CPU_BYTES))
        return batch_rows(explained, memory // 4)


def _received(network: bytes, output: str, mixed: bool) -> KerasNetwork:
    return KerasNetwork(unpacked(network), output, mixed)


@dataclass(frozen=True)
class GradientFunction:
    """Outputs and their gradient as functions of plain arrays.

    Attributes
    ----------
    function
        Samples x genes to what is explained, samples x classes.
    gradient
        Points x genes and the class of each to the gradient of that class's output at each
        point, points x genes.
    n_genes
        Number of genes.

    Examples
    --------
    >>> weights = np.array([[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])
    >>> linear = ts.explain.GradientFunction(
    ...     lambda x: x @ weights, lambda x, targets: weights[:, targets].T, n_genes=3
    ... )
    >>> x, background = np.ones((1, 3), np.float32), np.zeros((2, 3), np.float32)
    >>> explainer = ts.explain.Explainer(linear, background, n_draws=20)
    >>> next(explainer.stream(x, np.array([1]))).values
    array([-1.,  0.,  2.])
    """

    function: Outputs
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]
    n_genes: int

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs, samples x classes, float64."""
        return in_blocks(self.function, x)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., np.ndarray]:
        """Return ``function(gradient, *arrays)``, with this gradient between two conversions."""
        from keras import ops

        def gradient(points: Any, targets: Any) -> Any:
            slopes = self.gradient(ops.convert_to_numpy(points), ops.convert_to_numpy(targets))
            return ops.convert_to_tensor(np.asarray(slopes, dtype=np.float32))

        def call(*arrays: np.ndarray) -> np.ndarray:
            tensors = [ops.convert_to_tensor(array) for array in arrays]
            values: np.ndarray = ops.convert_to_numpy(function(gradient, *tensors))
            return values

        return call

    def rows(self) -> int:
        """Return the number of rows whose points and gradients fit into memory."""
        return _rows(self.n_genes)


def in_blocks(function: Outputs, x: Any) -> np.ndarray:
    """Return a function's values for samples that are read block by block, float64.

    Parameters
    ----------
    function
        Samples x genes to samples x classes.
    x
        Samples x genes; anything with a shape that can be indexed by an array of rows.
    """
    n_samples, n_genes = x.shape
    step, parts = _rows(n_genes), []
    for start in range(0, max(n_samples, 1), step):
        rows = np.arange(start, min(start + step, n_samples))
        block = np.ascontiguousarray(dense(x[rows]), dtype=np.float32)
        parts.append(np.asarray(function(block), dtype=np.float64))
    return np.concatenate(parts)


def _rows(n_genes: int) -> int:
    # Points, gradients, background, contributions and their squares, of 4 bytes each.
    return int(max(8, min(2048, _CPU_BYTES // (4 * 8 * n_genes))))
