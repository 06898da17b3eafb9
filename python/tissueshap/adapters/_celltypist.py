"""Models of CellTypist: logistic regression on standardised genes, cut at 10.

Domínguez Conde et al., Science 376:eabl5197 (2022). The model is recognised by its
interface (``classifier``, ``scaler``, ``features``, ``cell_types``); the package is not
needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tissueshap.adapters._linear import Linear
from tissueshap.adapters._model import Model, check_outputs, names, probes
from tissueshap.adapters._per_gene import PerGene

#: CellTypist's largest standardised value.
_UPPER = 10.0
_INTERFACE = ("classifier", "scaler", "features", "cell_types")


def of_celltypist(
    model: Any, *, genes: Sequence[str] | None = None, classes: Sequence[str] | None = None
) -> Model:
    """Return a model of CellTypist; its input is log1p of counts scaled to 10,000."""
    kind = "CellTypist model"
    named = names(kind, "genes", model.features, genes)
    labels = names(kind, "classes", model.cell_types, classes)
    scaler, classifier = model.scaler, model.classifier
    weights = np.asarray(classifier.coef_, np.float64).T
    intercept = np.asarray(classifier.intercept_, np.float64)
    if weights.shape[1] == 1:  # two classes share one score: the second's
        weights = np.hstack([-weights, weights])
        intercept = np.concatenate([-intercept, intercept])
    shift = np.asarray(scaler.mean_) if scaler.with_mean else np.zeros(len(named))
    steps = PerGene(shift.astype(np.float64), np.asarray(scaler.scale_, np.float64), _UPPER)
    linear = Linear(weights, intercept, "logistic", steps)
    check_outputs(kind, linear.probabilities(probes(len(named))), labels)
    return Model(
        kind=kind,
        source=model,
        genes=named,
        classes=labels,
        probabilities=linear.probabilities,
        explainer=linear.by_sum,
        explained_by="the exact terms of its linear scores",
    )


def is_celltypist(model: Any) -> bool:
    """Return whether an object has the interface of a CellTypist model."""
    return all(hasattr(model, name) for name in _INTERFACE)
