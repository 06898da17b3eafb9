"""A trained network with all that is needed to use it: the model bundle."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._errors import DataError
from tissueshap._slots import _versions
from tissueshap.model._backend import backend, keras
from tissueshap.model._outputs import outputs

_NETWORK, _BUNDLE = "model.keras", "bundle.json"
_FORMAT = 1


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
        A row an epoch: epoch, loss, accuracy, val_loss, val_accuracy, learning_rate,
        seconds; of an average of several networks also model, 1 the first.
    label
        Column of ``adata.obs`` that held the classes.
    versions
        Versions of the packages that trained it.
    """

    network: Any
    classes: list[str]
    genes: list[str]
    preset: str
    history: pd.DataFrame
    label: str = ""
    versions: dict[str, str] = field(
        default_factory=lambda: {"backend": backend(), **_versions(("tissueshap", "keras"))}
    )

    def __repr__(self) -> str:
        """Return sizes in place of thousands of gene names."""
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
        float32, samples x classes.

        Raises
        ------
        DataError
            The genes are others, or in another order.
        """
        if isinstance(x, pd.DataFrame):
            genes, x = list(map(str, x.columns)), x.to_numpy()
        self.check_genes(genes, width=x.shape[1])
        return outputs(self.network, x)

    def check_genes(self, genes: Sequence[str] | None, *, width: int) -> None:
        """Raise a :class:`DataError` unless these are the model's genes in its order."""
        if width != len(self.genes):
            raise DataError(
                f"the model takes {len(self.genes)} genes, the matrix has {width}: "
                f"ts.tl.predict(adata, model) aligns them by name"
            )
        if genes is None or list(genes) == self.genes:
            return
        pairs = zip(self.genes, genes, strict=True)
        where = next(place for place, (own, given) in enumerate(pairs) if own != given)
        raise DataError(
            f"the genes are not in the model's order: gene {where + 1} is {genes[where]!r}, the "
            f"model's is {self.genes[where]!r}; ts.tl.predict(adata, model) aligns them by name"
        )

    def save(self, directory: str | Path) -> Path:
        """Write the bundle, ``model.keras`` and ``bundle.json``, whole or not at all.

        Parameters
        ----------
        directory
            Folder to make. An older bundle at that place is replaced.

        Returns
        -------
        The folder.

        Raises
        ------
        DataError
            Something else is at that place.
        """
        target = Path(directory)
        if target.exists() and not (target / _BUNDLE).is_file() and _occupied(target):
            raise DataError(f"{target} exists and is no model bundle: choose another folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            self.network.save(made / _NETWORK)
            text = json.dumps(self._bundle(), indent=1, ensure_ascii=False)
            (made / _BUNDLE).write_text(text, encoding="utf-8")
            made.chmod(0o755)
            _exchange(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return target

    def _bundle(self) -> dict[str, Any]:
        history = self.history.astype(object).where(self.history.notna(), None)
        return {
            "format": _FORMAT,
            "preset": self.preset,
            "label": self.label,
            "versions": self.versions,
            "classes": self.classes,
            "genes": self.genes,
            "history": history.to_dict(orient="list"),
        }


def load(directory: str | Path) -> Classifier:
    """Read a bundle that :meth:`Classifier.save` wrote.

    Parameters
    ----------
    directory
        The folder.

    Raises
    ------
    DataError
        It is no bundle, or one of a later version of this package.
    """
    source = Path(directory)
    missing = [name for name in (_NETWORK, _BUNDLE) if not (source / name).is_file()]
    if missing:
        inside = source / "model"  # where a run has it
        hint = f"; give {inside}" if (inside / _BUNDLE).is_file() else ""
        raise DataError(f"{source} is no model bundle: {' and '.join(missing)} missing{hint}")
    bundle = json.loads((source / _BUNDLE).read_text(encoding="utf-8"))
    if bundle.get("format") != _FORMAT:
        raise DataError(
            f"{source} has bundle format {bundle.get('format')}, this version of tissueshap "
            f"reads {_FORMAT}: install the version that wrote it, {bundle.get('versions')}"
        )
    import_module("tissueshap.model._layers")  # Keras finds the layers once they are registered
    network = keras().saving.load_model(source / _NETWORK, compile=False, safe_mode=True)
    history = pd.DataFrame(bundle["history"])
    whole = history.columns.intersection(["epoch", "model"])
    return Classifier(
        network=network,
        classes=bundle["classes"],
        genes=bundle["genes"],
        preset=bundle["preset"],
        history=history.astype({name: int if name in whole else float for name in history}),
        label=bundle["label"],
        versions=bundle["versions"],
    )


def _occupied(target: Path) -> bool:
    return not target.is_dir() or any(target.iterdir())


def _exchange(made: Path, target: Path) -> None:
    """Put a folder in another's place; a folder cannot be renamed onto a full one."""
    old = made.with_name(made.name + ".old")
    if target.exists():
        target.rename(old)
    try:
        made.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
