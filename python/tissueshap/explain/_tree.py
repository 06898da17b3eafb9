"""Exact Shapley values of trees: TreeSHAP, through shap."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tissueshap._install.feature import needed
from tissueshap.explain._background import Background
from tissueshap.explain._differentiable import in_blocks
from tissueshap.explain._engine import Explained

#: Background samples that a sample is compared with: the time is proportional to them.
N_BACKGROUND = 100


class TreeExplainer:
    """Explains trees against a sample of the background (``shap.TreeExplainer``, interventional).

    Lundberg et al., Nature Machine Intelligence 2:56 (2020).

    Parameters
    ----------
    estimator
        Trees of scikit-learn that shap knows.
    function
        What the trees add up to: samples x genes to samples x classes.
    background
        Samples that a sample is compared with, of which at most 100 are drawn.
    output
        What `function` returns: ``"probability"`` or ``"logit"``.
    transform
        What is done to the samples before the trees see them, gene by gene.
    seed
        Seed of the draw.

    Attributes
    ----------
    base
        Mean output of each class over the drawn background, (classes,).
    n_draws
        0: the values are exact for the drawn background.
    output
        As passed.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], np.float32)
    >>> tree = DecisionTreeClassifier(random_state=0).fit(x, x[:, 0])
    >>> explainer = ts.explain.TreeExplainer(tree, tree.predict_proba, x, output="probability")
    >>> next(explainer.stream(x[:1], np.array([0]))).values
    array([0.5, 0. ])
    """

    def __init__(
        self,
        estimator: Any,
        function: Callable[[np.ndarray], np.ndarray],
        background: Any,
        *,
        output: str,
        transform: Callable[[np.ndarray], np.ndarray] | None = None,
        seed: int = 42,
    ) -> None:
        self._estimator, self._function, self._seed = estimator, function, seed
        self._transform = transform or (lambda x: x)
        self._background = (
            background if isinstance(background, Background) else Background(background)
        )
        self.n_draws, self.output = 0, output
        self._explainers: dict[int | None, tuple[Any, np.ndarray]] = {}
        n_classes = self.outputs(self._background.values[np.arange(1)]).shape[1]
        self.base: np.ndarray = np.full(n_classes, np.nan)
        for target in range(n_classes):
            groups = self._background.groups
            if groups is None or (self._background.weights[groups != target] > 0).any():
                self.base[target] = self._of(target)[1][target]

    def outputs(self, x: Any) -> np.ndarray:
        """Return the explained outputs of some samples, samples x classes, float64."""
        return in_blocks(self._function, x)

    def stream(
        self, x: Any, targets: np.ndarray, numbers: np.ndarray | None = None
    ) -> Iterator[Explained]:
        """Explain samples one after the other; `numbers` are not used."""
        for row, target in enumerate(targets):
            explainer, _ = self._of(int(target))
            sample = self._transform(np.asarray(x[np.array([row])], dtype=np.float32))
            values = np.asarray(explainer.shap_values(sample, check_additivity=False))[0]
            if values.ndim == 1:  # two classes share one output: the second's
                values = np.stack([-values, values], axis=1)
            own = values[:, target].astype(np.float64)
            yield Explained(row, own, np.zeros_like(own), 0)

    def _of(self, target: int) -> tuple[Any, np.ndarray]:
        """Return shap's explainer for a class, and the mean outputs over its background."""
        key = target if self._background.groups is not None else None
        if key not in self._explainers:
            weight = self._background.of(key)
            rng = np.random.default_rng([self._seed, 5])
            rows = np.flatnonzero(weight)
            if rows.size > N_BACKGROUND or np.ptp(weight[rows]) > 0:
                rows = np.sort(rng.choice(weight.size, N_BACKGROUND, p=weight))
            drawn = np.asarray(self._background.values[rows], dtype=np.float32)
            make = needed("shap", "shap.TreeExplainer", "the explanation of trees")
            explainer = make(
                self._estimator,
                self._transform(drawn),
                feature_perturbation="interventional",
                model_output="raw",
            )
            self._explainers[key] = explainer, self.outputs(drawn).mean(axis=0)
        return self._explainers[key]
