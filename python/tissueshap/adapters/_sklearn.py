"""Estimators and pipelines of scikit-learn, and all others with ``predict_proba``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tissueshap.adapters._linear import Linear, fitting_link
from tissueshap.adapters._model import Model, check_outputs, names, probes
from tissueshap.adapters._per_gene import PerGene, peeled
from tissueshap.adapters._sampled import by_permutations
from tissueshap.explain import TreeExplainer

#: Trees that shap explains exactly against a background, and whether they add up to
#: probabilities or to scores.
_TREES = {
    "DecisionTreeClassifier": "probability",
    "ExtraTreeClassifier": "probability",
    "ExtraTreesClassifier": "probability",
    "RandomForestClassifier": "probability",
    "GradientBoostingClassifier": "logit",
    "HistGradientBoostingClassifier": "logit",
}


def of_estimator(
    estimator: Any, *, genes: Sequence[str] | None = None, classes: Sequence[str] | None = None
) -> Model:
    """Return an estimator with ``predict_proba`` as a model."""
    kind = f"estimator {type(_last(estimator)).__name__}"
    columns = getattr(estimator, "feature_names_in_", None)
    named = names(kind, "genes", columns, genes)
    labels = names(kind, "classes", getattr(estimator, "classes_", None), classes)
    predict = partial(_predicted, estimator.predict_proba, columns)
    at_probes = np.asarray(predict(probes(len(named))))
    check_outputs(kind, at_probes, labels)
    explainer, by = _explained(estimator, predict, at_probes, len(named))
    return Model(
        kind=kind,
        source=estimator,
        genes=named,
        classes=labels,
        probabilities=predict,
        explainer=explainer,
        explained_by=by,
    )


def _last(estimator: Any) -> Any:
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def _predicted(function: Callable[..., Any], columns: Any, x: np.ndarray) -> np.ndarray:
    """Call a method with the names that the estimator was fitted with, if any."""
    return np.asarray(function(x if columns is None else pd.DataFrame(x, columns=columns)))


def _explained(
    estimator: Any, predict: Callable[..., Any], at_probes: np.ndarray, n_genes: int
) -> tuple[Callable[..., Any], str]:
    """Return the most exact way of explaining an estimator, and its name."""
    parts = peeled(estimator, n_genes)
    if parts is not None:
        last, steps = parts
        linear = _linear(last, steps, at_probes)
        if linear is not None:
            return linear.by_sum, "the exact terms of its linear scores"
        output = _TREES.get(type(last).__name__)
        if output is not None and type(last).__module__.startswith("sklearn."):
            n_outputs = at_probes.shape[1]
            # shap has no boosting of several classes by scikit-learn's older estimator.
            if type(last).__name__ != "GradientBoostingClassifier" or n_outputs == 2:
                return partial(_by_trees, last, steps, output), "TreeSHAP"
    return by_permutations(predict), "sampled Shapley values"


def _linear(last: Any, steps: PerGene, at_probes: np.ndarray) -> Linear | None:
    """Return the linear scores of an estimator, if its probabilities are computed from them."""
    if not (hasattr(last, "coef_") and hasattr(last, "intercept_")):
        return None
    weights, intercept = np.atleast_2d(np.asarray(last.coef_, np.float64)).T, last.intercept_
    intercept = np.atleast_1d(np.asarray(intercept, np.float64))
    if weights.shape[0] != steps.shift.size:
        return None
    if weights.shape[1] == 1:  # two classes share one score: the second's
        weights = np.hstack([-weights, weights])
        intercept = np.concatenate([-intercept, intercept])
    scores = steps(probes(steps.shift.size)) @ weights + intercept
    link = fitting_link(scores, at_probes)
    return None if link is None else Linear(weights, intercept, link, steps)


def _by_trees(
    trees: Any,
    steps: PerGene,
    sums_to: str,
    background: Any,
    *,
    n_draws: int | None = None,
    tolerance: float | None = None,
    seed: int = 42,
    **_: Any,
) -> TreeExplainer:
    def function(x: np.ndarray) -> np.ndarray:
        values = trees.predict_proba if sums_to == "probability" else trees.decision_function
        found = np.asarray(values(transform(x)))
        return np.column_stack([-found, found]) if found.ndim == 1 else found

    def transform(x: np.ndarray) -> Any:
        columns = getattr(trees, "feature_names_in_", None)
        values = steps(x)
        return values if columns is None else pd.DataFrame(values, columns=columns)

    return TreeExplainer(
        trees, function, background, output=sums_to, transform=transform, seed=seed
    )
