"""Explanations that a function of the user's makes, and explanations without a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.provenance import fingerprint
from tissueshap.adapters._model import Model
from tissueshap.explain import Background, Explained

#: From the model, samples, background and the class of each sample to values, samples x genes.
Explain = Callable[[Any, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def explained_with(model: Model, explain: Explain) -> Model:
    """Return a model that is explained by the user's function, with random weights too."""
    with_random_weights = model.randomised

    def explainer(background: Any, **_: Any) -> _Given:
        return _Given(model, explain, background)

    def randomised(**how: Any) -> Iterator[tuple[int, str, Model]]:
        if with_random_weights is not None:
            for number, name, other in with_random_weights(**how):
                yield number, name, explained_with(other, explain)

    return replace(
        model,
        explainer=explainer,
        explained_by="the function explain=",
        randomised=None if with_random_weights is None else randomised,
        members=None,
    )


class _Given:
    """The user's function, as a way of explaining; what its values add up from is unknown."""

    def __init__(self, model: Model, explain: Explain, background: Any) -> None:
        samples = background if isinstance(background, Background) else Background(background)
        self._model, self._explain = model, explain
        self._background = dense(samples.values[np.arange(samples.shape[0])])
        self.base = np.full(len(model.classes), np.nan)
        self.n_draws, self.output = 0, "probability"

    def outputs(self, x: Any) -> np.ndarray:
        """Return the probabilities of some samples."""
        return np.asarray(self._model.probabilities(_read(x)), dtype=np.float64)

    def stream(
        self, x: Any, targets: np.ndarray, numbers: np.ndarray | None = None
    ) -> Iterator[Explained]:
        """Explain all samples by one call, and yield one after the other."""
        samples = _read(x)
        values = self._explain(self._model.source, samples, self._background, np.asarray(targets))
        if hasattr(values, "detach"):
            values = values.detach().cpu().numpy()
        values = np.asarray(values, dtype=np.float64)
        if values.shape != samples.shape:
            raise DataError(
                f"explain(model, x, background, targets) returns an array of shape "
                f"{values.shape}: return samples x genes, {samples.shape}"
            )
        for row, own in enumerate(values):
            yield Explained(row, own, np.zeros_like(own), 0)


def _read(x: Any) -> np.ndarray:
    return np.ascontiguousarray(dense(x[np.arange(x.shape[0])]), dtype=np.float32)


def without_model(genes: Sequence[str], classes: Sequence[str]) -> Model:
    """Return the genes and classes of attributions whose model is not at hand."""

    def nothing(*_: Any, **__: Any) -> Any:
        raise DataError("no model was passed: only attributions=")

    return Model(
        kind="attributions without a model",
        source=None,
        genes=[str(gene) for gene in genes],
        classes=[str(name) for name in classes],
        probabilities=nothing,
        explainer=nothing,
        explained_by="attributions from elsewhere",
        identity=fingerprint([*map(str, classes), *map(str, genes)]),
    )
