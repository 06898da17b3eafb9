"""Functions from samples x genes to probabilities, with or without a gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.adapters._gradients import Gradients
from tissueshap.adapters._model import Model, check_outputs, names, probes
from tissueshap.adapters._sampled import by_permutations


def of_function(
    function: Callable[[np.ndarray], np.ndarray],
    *,
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    genes: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
) -> Model:
    """Return a function as a model, explained by its gradient if there is one."""
    kind = "function"
    named, labels = names(kind, "genes", None, genes), names(kind, "classes", None, classes)

    def predict(x: np.ndarray) -> np.ndarray:
        return np.asarray(function(x))

    points = probes(len(named))
    check_outputs(kind, predict(points), labels)
    if gradient is not None:
        slopes = np.asarray(gradient(points, np.zeros(len(points), dtype=np.int64)))
        if slopes.shape != points.shape:
            raise DataError(
                f"gradient(points, targets) returns an array of shape {slopes.shape}: return one "
                f"row per point, {points.shape}"
            )
    return Model(
        kind=kind,
        source=function,
        genes=named,
        classes=labels,
        probabilities=predict,
        explainer=by_permutations(predict)
        if gradient is None
        else Gradients({"probability": (predict, gradient)}, len(named)),
        explained_by="sampled Shapley values" if gradient is None else "expected gradients",
    )
