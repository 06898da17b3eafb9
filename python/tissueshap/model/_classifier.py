"""A trained network with everything needed to use it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError
from tissueshap._core.scale import check_finite
from tissueshap._core.slots import versions_of
from tissueshap.model._activations import activations
from tissueshap.model._backend import backend
from tissueshap.model._bundle import read, write
from tissueshap.model._input_scale import InputScale
from tissueshap.model._outputs import outputs
from tissueshap.model._sent import packed, unpacked

if TYPE_CHECKING:
    from tissueshap.calibration import Calibration, Judged
    from tissueshap.model._centres import Centres
    from tissueshap.model._preparation import Preparation


@dataclass(repr=False)
class Classifier:
    """A trained network, its classes and its genes.

    Attributes
    ----------
    network
        ``keras.Model`` from float32 log2 expression (n, n_genes) to probabilities
        (n, n_classes); its last layer is the softmax alone.
    classes
        Names of the classes, in the order of the network's outputs.
    genes
        Names of the genes (``adata.var_names``), in the order of its inputs.
    preset
        Name of the preset it was trained with.
    history
        One row per epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate,
        seconds; of an average of several networks also model, 1 the first.
    label
        Column of ``adata.obs`` that held the classes.
    versions
        Versions of the packages that trained it.
    scale
        How its training data were made and distributed, which ``tl.predict`` compares with
        other data; None for a network that was trained on plain arrays.
    training
        ``learning_rate`` (of the last attempt), ``retries`` (number of attempts given up
        before it) and ``diverged`` (whether the last one's loss, too, rose by a quarter above
        that of equal probabilities and stayed above three quarters of it for more than a
        quarter of the epochs); for an average of several networks the smallest, the sum, and
        whether any diverged.
    trained_on
        One row per training sample: sample (a code of its name), class; None where unknown.
    recipe
        How ``tl.cnn`` was called: ``settings`` (of the preset, as JSON), ``layer``,
        ``balanced``, ``seed``, ``n_validation``; and ``counts``, where the raw counts were.
    preparation
        How raw counts become the network's input; None for a network that was trained on
        plain arrays.
    calibration
        What ``tl.calibrate`` fitted: calibrated probabilities, prediction sets and the
        distance from the training samples; None before.
    background
        Samples that ``tl.explain`` compares with: centres of the training samples and their
        numbers of members; None before ``tl.calibrate``.
    card
        What ``model.describe`` adds to the model card: scores, verdicts, licence, origin.

    Examples
    --------
    >>> model
    Classifier: 3 classes of obs['tissue'] from 135 genes, preset 'default', 106,761 weights
    >>> model.predict_proba(adata.layers["log2"][:2]).shape
    (2, 3)
    """

    network: Any
    classes: list[str]
    genes: list[str]
    preset: str
    history: pd.DataFrame
    label: str = ""
    versions: dict[str, str] = field(
        default_factory=lambda: {"backend": backend(), **versions_of(("tissueshap", "keras"))}
    )
    scale: InputScale | None = None
    training: dict[str, Any] = field(default_factory=dict)
    trained_on: pd.DataFrame | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    preparation: Preparation | None = None
    calibration: Calibration | None = None
    background: Centres | None = None
    card: dict[str, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process needs."""
        return {**vars(self), "network": packed(self.network)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what another process has sent."""
        vars(self).update(state, network=unpacked(state["network"]))

    def __repr__(self) -> str:
        """Return sizes instead of thousands of gene names."""
        return (
            f"Classifier: {len(self.classes)} classes of obs[{self.label!r}] from "
            f"{len(self.genes):,} genes, preset {self.preset!r}, "
            f"{self.network.count_params():,} weights"
        )

    def predict_proba(
        self, x: np.ndarray | pd.DataFrame, *, genes: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the probabilities of the classes.

        Parameters
        ----------
        x
            log2 expression, samples x genes, the genes in the order of ``self.genes``.
        genes
            Names of the columns of `x`, checked against ``self.genes``; a data frame brings
            its own.

        Returns
        -------
        float32, samples x classes: the network's own, not calibrated ones.

        Raises
        ------
        DataError
            The genes are not the model's, or in another order, or a value is missing or
            infinite.
        """
        return outputs(self.network, self._checked(x, genes))

    @property
    def layer(self) -> str:
        """The layer that it was trained on."""
        known = self.recipe.get("layer", schema.layers.log2)
        return str(known if self.scale is None else self.scale.layer)

    def takes_counts(self, layer: str | None = None) -> bool:
        """Return whether raw counts can be prepared where a layer, its input, is not there."""
        own = self.scale is None or layer is None or self.scale.layer == layer
        return own and self.preparation is not None and self.preparation.from_counts

    def judge(self, x: np.ndarray | pd.DataFrame, *, genes: Sequence[str] | None = None) -> Judged:
        """Return calibrated probabilities, prediction sets and verdicts.

        Parameters
        ----------
        x, genes
            As for :meth:`predict_proba`.

        Raises
        ------
        DataError
            As for :meth:`predict_proba`, or the model is not calibrated.
        """
        if self.calibration is None:
            raise DataError(
                "the model is not calibrated: run model = ts.tl.calibrate(adata, model)"
            )
        return self.calibration.judge(*activations(self.network, self._checked(x, genes)))

    def _checked(self, x: np.ndarray | pd.DataFrame, genes: Sequence[str] | None) -> Any:
        samples: Sequence[Any] = range(1, x.shape[0] + 1)
        if isinstance(x, pd.DataFrame):
            genes, samples, x = list(map(str, x.columns)), list(x.index), x.to_numpy()
        self.check_genes(genes, width=x.shape[1])
        for rows, block in blocks(x):
            check_finite(block, samples[rows], self.genes, "a value")
        return x

    def check_genes(self, genes: Sequence[str] | None, *, width: int) -> None:
        """Raise a :class:`DataError` unless these are the model's genes in its order."""
        if width != len(self.genes):
            raise DataError(
                f"the model needs {len(self.genes)} genes, the matrix has {width}: "
                f"ts.tl.predict(adata, model) aligns them by name"
            )
        if genes is None or list(genes) == self.genes:
            return
        pairs = zip(self.genes, genes, strict=True)
        where = next(place for place, (own, other) in enumerate(pairs) if own != other)
        raise DataError(
            f"the genes are not in the model's order: gene {where + 1} is {genes[where]!r}, the "
            f"model's is {self.genes[where]!r}; ts.tl.predict(adata, model) aligns them by name"
        )

    def fingerprint(self) -> str:
        """Return a short string that identifies this network, its classes and its genes."""
        digest = hashlib.md5(usedforsecurity=False)
        for weights in self.network.get_weights():
            digest.update(np.ascontiguousarray(weights).tobytes())
        digest.update("\n".join([*self.classes, *self.genes]).encode())
        return digest.hexdigest()

    def save(self, directory: str | Path) -> Path:
        """Write the bundle, completely or not at all.

        ``model.keras`` is the network, ``bundle.json`` everything that is text or a number,
        ``arrays.npz`` what calibrates and explains the network (no pickle), and ``README.md``
        the model card.

        Parameters
        ----------
        directory
            Folder to create. A bundle that this method wrote there is replaced.

        Returns
        -------
        The folder.

        Raises
        ------
        DataError
            The folder has other files.
        """
        return write(self, Path(directory))


def load(directory: str | Path) -> Classifier:
    """Read a bundle that :meth:`Classifier.save` wrote.

    Parameters
    ----------
    directory
        The folder.

    Returns
    -------
    The classifier. Nothing in the folder is executed.

    Raises
    ------
    DataError
        It is not a bundle, is of another version of this package, or is damaged: files or
        names have changed since it was saved, or weights are not finite.

    Examples
    --------
    >>> _ = model.save("model")
    >>> ts.model.load("model").classes == model.classes
    True
    """
    return Classifier(**read(Path(directory)))
