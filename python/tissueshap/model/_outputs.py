"""A network's outputs for many samples, batch by batch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tissueshap._core.dense import dense
from tissueshap.model._backend import keras

_MOST_ROWS = 2048

#: Bytes that the layers' outputs and their gradients may take in a pass.
_PASS_BYTES = 256 * 2**20


def batch_rows(network: Any, pass_bytes: int = _PASS_BYTES) -> int:
    """Return the maximum number of rows in a pass, by the memory that the layers need per row."""
    sizes = [math.prod(layer.output.shape[1:]) for layer in network.layers]
    # Forward and backward; and the host's points, gradients, background and products.
    row_bytes = 4 * (2 * sum(sizes) + 6 * sizes[0])
    return int(max(8, min(_MOST_ROWS, pass_bytes // row_bytes)))


def outputs(network: Any, x: Any) -> np.ndarray:
    """Return a network's outputs.

    Parameters
    ----------
    network
        ``keras.Model``.
    x
        Samples x genes; anything with a shape that can be indexed by an array of rows.

    Returns
    -------
    float32, samples x outputs.
    """
    width, step = int(network.output_shape[-1]), batch_rows(network)
    result = np.empty((x.shape[0], width), dtype=np.float32)
    for start in range(0, x.shape[0], step):
        rows = np.arange(start, min(start + step, x.shape[0]))
        block = np.ascontiguousarray(dense(x[rows]), dtype=np.float32)
        # Called directly: predict() would be compiled again for each network and each number
        # of rows.
        result[rows] = keras().ops.convert_to_numpy(network(block, training=False))
    return result
