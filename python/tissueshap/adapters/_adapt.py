"""Any model as a :class:`Model`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.options import wrong_type
from tissueshap.adapters._celltypist import is_celltypist, of_celltypist
from tissueshap.adapters._function import of_function
from tissueshap.adapters._keras import is_keras, of_classifier, of_keras
from tissueshap.adapters._model import Model
from tissueshap.adapters._sklearn import of_estimator
from tissueshap.adapters._torch import is_torch, of_torch
from tissueshap.model import Classifier

_KINDS = (
    "a classifier of ts.tl.cnn, a Keras or PyTorch network, an estimator with predict_proba, a "
    "CellTypist model, or a function from samples x genes to probabilities"
)


def adapt(
    model: Any,
    *,
    genes: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> Model:
    """Return a model of any package in the form that ``tl.trust`` works with.

    ==========================================  ===============================
    model                                       explained by
    ==========================================  ===============================
    ``ts.tl.cnn``, Keras, PyTorch               expected gradients
    linear model of scikit-learn, CellTypist    the exact terms of its scores
    trees of scikit-learn                       TreeSHAP
    function with a gradient                    expected gradients
    other function, other ``predict_proba``     sampled Shapley values
    ==========================================  ===============================

    The term of a gene in a linear score is ``weight x (value - mean)``.
    A linear model or trees after scalers of scikit-learn (in a pipeline) are still explained
    exactly. The outputs of a network may be probabilities or logits: if those of 16 random
    samples do not sum to 1, they are treated as logits.

    Parameters
    ----------
    model
        The model; it is not changed.
    genes, classes
        Names in the order of its inputs and outputs, if it does not have them. The classes
        have the names that ``obs[label]`` has.
    gradient
        Of a function: from points x genes and the number of a class for each to the gradient
        of that class's probability, points x genes.

    Raises
    ------
    DataError
        The object is not a model, does not name its genes or classes, or returns an array of
        another shape.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> x, tissue = adata.layers["log2"], adata.obs["tissue"].astype(str)
    >>> regression = LogisticRegression(max_iter=500).fit(x, tissue)
    >>> ts.adapters.adapt(regression, genes=adata.var_names)
    estimator LogisticRegression: 3 classes, 135 genes, explained by the exact terms of its \
linear scores
    """
    if gradient is not None and (not callable(model) or is_keras(model) or is_torch(model)):
        raise DataError("gradient= belongs to a function: pass both, or the model alone")
    if isinstance(model, Model):
        return model
    if isinstance(model, Classifier):
        return of_classifier(model)
    for recognised, adapted in _ADAPTERS:
        if recognised(model):
            return adapted(model, genes=genes, classes=classes)
    if callable(model):
        return of_function(model, gradient=gradient, genes=genes, classes=classes)
    raise wrong_type("model", model, _KINDS)


def adapt_to(model: Any, genes: Sequence[str]) -> Model:
    """Return a model in the common form; one that does not name its genes takes all of these."""
    own = ("genes", "feature_names_in_", "features")
    network = is_keras(model) or is_torch(model)
    named = not network and any(getattr(model, name, None) is not None for name in own)
    return adapt(model, genes=None if named else genes)


#: How each kind of model is recognised, and its adapter; the first that fits is taken.
_ADAPTERS: tuple[tuple[Callable[[Any], bool], Callable[..., Model]], ...] = (
    (is_keras, of_keras),
    (is_torch, of_torch),
    (is_celltypist, of_celltypist),
    (lambda model: hasattr(model, "predict_proba"), of_estimator),
)
