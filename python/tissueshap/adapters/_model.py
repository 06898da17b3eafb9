"""What every model is to the checks: genes, classes, probabilities, and a way to explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.options import shown
from tissueshap.explain import Explaining

if TYPE_CHECKING:
    import pandas as pd

#: Samples that tell what a function returns, and their largest value.
_PROBES, _HIGHEST = 16, 8.0

#: Samples x genes to probabilities, samples x classes.
Probabilities = Callable[[np.ndarray], np.ndarray]
#: Number of layers of random weights, the last one's name, and the model with these weights.
Randomised = Callable[..., Iterator[tuple[int, str, "Model"]]]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Model:
    """A model of any package. :func:`adapt` makes one.

    Attributes
    ----------
    kind
        What it is, for messages and records: ``"Keras network"``.
    source
        The object that was adapted.
    genes, classes
        Names, in the order of its inputs and outputs.
    probabilities
        A function from samples x genes, float32, to samples x classes.
    explainer
        A function of a background (samples x genes, or ``ts.explain.Background``) and the
        options ``n_draws``, ``seed``, ``output``, ``method`` and ``tolerance``, of which each
        way of explaining uses its own. It returns what explains samples.
    explained_by
        That way, in words: ``"expected gradients"``.
    randomised
        A function of ``seed`` and ``side`` that yields the model with random weights in more
        and more layers; None for a model without layers.
    n_layers
        Number of these layers.
    members
        A function that yields the models whose mean probabilities these are, each to be used
        before the next; None for a single model.
    sees_order
        Whether it looks at neighbouring genes together; None if unknown.
    seconds
        Duration of the training; None if unknown.
    trained_on
        One row per training sample, as a classifier's.
    identity
        Its fingerprint, if it has one of its own.

    Examples
    --------
    >>> adapted = ts.adapters.adapt(model)
    >>> adapted
    Keras network of ts.tl.cnn: 3 classes, 135 genes, explained by expected gradients
    """

    kind: str
    source: Any
    genes: list[str]
    classes: list[str]
    probabilities: Probabilities
    explainer: Callable[..., Explaining]
    explained_by: str
    randomised: Randomised | None = None
    n_layers: int = 0
    members: Callable[[], Iterator[Model]] | None = None
    sees_order: bool | None = None
    seconds: float | None = None
    trained_on: pd.DataFrame | None = None
    identity: str | None = None

    def __repr__(self) -> str:
        """Return sizes instead of thousands of gene names."""
        return (
            f"{self.kind}: {len(self.classes)} classes, {len(self.genes):,} genes, "
            f"explained by {self.explained_by}"
        )

    def fingerprint(self) -> str:
        """Return a short string that identifies what the model predicts."""
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        if self.identity is not None:
            return self.identity
        digest = hashlib.md5(usedforsecurity=False)
        predicted = np.asarray(self.probabilities(probes(len(self.genes))), dtype=np.float64)
        digest.update(np.round(predicted, 4).tobytes())
        digest.update("\n".join([*self.classes, *self.genes]).encode())
        return digest.hexdigest()


def probes(n_genes: int) -> np.ndarray:
    """Return the same few samples each time, to see what a function returns."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, _HIGHEST, (_PROBES, n_genes)).astype(np.float32)


def check_outputs(kind: str, outputs: np.ndarray, classes: list[str]) -> None:
    """Raise a :class:`DataError` unless outputs are finite, samples x the classes."""
    if outputs.shape != (_PROBES, len(classes)):
        raise DataError(
            f"the {kind} returns an array of shape {outputs.shape} for {_PROBES} samples, but "
            f"{len(classes)} classes are named ({shown(classes)}): pass classes= in the order of "
            f"its outputs, samples x classes"
        )
    if not np.isfinite(outputs).all():
        raise DataError(f"the {kind} returns values that are missing or infinite")


def are_probabilities(outputs: np.ndarray) -> bool:
    """Return whether the outputs of each sample are positive and sum to 1."""
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3))


def names(kind: str, what: str, own: Any, given: Any) -> list[str]:
    """Return names of genes or classes: those that were passed, or the model's own.

    Parameters
    ----------
    kind
        What the model is, for the message.
    what
        ``"genes"`` or ``"classes"``.
    own, given
        The model's own names, and those that were passed; None if there are none.
    """
    chosen = own if given is None else given
    if chosen is None:
        order = "inputs" if what == "genes" else "outputs"
        raise DataError(
            f"the {kind} does not name its {what}: pass {what}= in the order of its {order}, for "
            f"example ts.adapters.adapt(model, {what}=[...])"
        )
    strings = [str(name) for name in chosen]
    if given is not None and own is not None and len(strings) != len(own):
        raise DataError(f"the {kind} has {len(own)} {what}, but {what}= names {len(strings)}")
    if len(set(strings)) != len(strings):
        raise DataError(f"{what}= has names that occur twice: {shown(strings)}")
    return strings
