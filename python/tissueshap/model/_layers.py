"""Layers that Keras lacks. Imported only with a network, because they import Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tissueshap.model import _backend

keras = _backend.keras()


@keras.saving.register_keras_serializable(package="tissueshap")
class Layout(keras.layers.Layer):  # type: ignore[name-defined,misc]
    """Places genes on a square image, each in its cell; the other cells are 0.

    Parameters
    ----------
    cells
        Cell of each gene, all different: row * side + column.
    side
        Height and width of the image.
    """

    def __init__(self, cells: Sequence[int], side: int, **options: Any) -> None:
        super().__init__(**options)
        self.cells, self.side = [int(cell) for cell in cells], int(side)
        # The gene of each cell; past the last gene there is a column of zeros.
        genes = np.full(self.side**2, len(self.cells), dtype=np.int32)
        genes[self.cells] = np.arange(len(self.cells), dtype=np.int32)
        self._genes = genes

    def call(self, inputs: Any) -> Any:
        """Return (n, side, side, 1) of (n, genes)."""
        padded = keras.ops.pad(inputs, ((0, 0), (0, 1)))
        image = keras.ops.take(padded, self._genes, axis=1)
        return keras.ops.reshape(image, (-1, self.side, self.side, 1))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return (n, side, side, 1)."""
        return (input_shape[0], self.side, self.side, 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that recreate this layer."""
        return {**super().get_config(), "cells": self.cells, "side": self.side}


@keras.saving.register_keras_serializable(package="tissueshap")
class MeanProbability(keras.layers.Layer):  # type: ignore[name-defined,misc]
    """The logarithm of the mean of several networks' probabilities, from their logits."""

    def call(self, inputs: Sequence[Any]) -> Any:
        """Return (n, classes) of as many arrays of that shape as there are networks."""
        each = keras.ops.stack([keras.ops.log_softmax(logits) for logits in inputs])
        return keras.ops.logsumexp(each, axis=0) - float(np.log(len(inputs)))

    def compute_output_shape(
        self, input_shape: Sequence[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """Return the shape of one of them."""
        return tuple(input_shape[0])
