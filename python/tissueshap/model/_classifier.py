"""A trained network with everything needed to use it: the model bundle."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError
from tissueshap._core.folders import whole_folder
from tissueshap._core.scale import check_finite
from tissueshap._core.slots import versions_of
from tissueshap.model._backend import backend, keras
from tissueshap.model._input_scale import InputScale
from tissueshap.model._outputs import outputs

_NETWORK, _BUNDLE = "model.keras", "bundle.json"
_FORMAT = 2
#: Number of bytes to which any network may unpack, whatever the size of its file.
_MOST_UNPACKED = 2**33
#: The required entries of a bundle, and their types.
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "preset": str,
    "label": str,
    "versions": dict,
    "classes": list,
    "genes": list,
    "scale": (dict, type(None)),
    "history": dict,
    "sha256": dict,
}


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
        before it) and ``diverged`` (whether the loss rose even so); for an average of
        several networks the smallest, the sum, and whether any diverged.
    trained_on
        One row per training sample: sample (a code of its name), class; None where unknown.

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
        float32, samples x classes.

        Raises
        ------
        DataError
            The genes are not the model's, or in another order, or a value is missing or
            infinite.
        """
        samples: Sequence[Any] = range(1, x.shape[0] + 1)
        if isinstance(x, pd.DataFrame):
            genes, samples, x = list(map(str, x.columns)), list(x.index), x.to_numpy()
        self.check_genes(genes, width=x.shape[1])
        for rows, block in blocks(x):
            check_finite(block, samples[rows], self.genes, "a value")
        return outputs(self.network, x)

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
        """Write the bundle, ``model.keras`` and ``bundle.json``, completely or not at all.

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
        target = Path(directory)
        with whole_folder(target, overwrite=True) as folder:
            self.network.save(folder / _NETWORK)
            bundle = {**self._bundle(), "sha256": {_NETWORK: _file_sum(folder / _NETWORK)}}
            bundle["sha256"][_BUNDLE] = _content_sum(bundle)
            text = json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False)
            (folder / _BUNDLE).write_text(text, encoding="utf-8")
        return target

    def _bundle(self) -> dict[str, Any]:
        history = self.history.astype(object).where(self.history.notna(), None)
        return {
            "format": _FORMAT,
            "preset": self.preset,
            "label": self.label,
            "versions": self.versions,
            "training": self.training,
            "classes": self.classes,
            "genes": self.genes,
            "scale": None if self.scale is None else self.scale.to_dict(),
            "history": history.to_dict(orient="list"),
            "trained_on": None
            if self.trained_on is None
            else self.trained_on.to_dict(orient="list"),
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
        It is not a bundle, is of another version of this package, or is damaged: files or
        names have changed since it was saved, or weights are not finite.

    Examples
    --------
    >>> _ = model.save("model")
    >>> ts.model.load("model").classes == model.classes
    True
    """
    source = Path(directory)
    missing = [name for name in (_NETWORK, _BUNDLE) if not (source / name).is_file()]
    if missing:
        inside = source / "model"  # where a run has it
        hint = f"; pass {inside}" if (inside / _BUNDLE).is_file() else ""
        raise DataError(f"{source} is not a model bundle: {' and '.join(missing)} missing{hint}")
    bundle = _read(source)
    network = _read_network(source, bundle)
    history = pd.DataFrame(bundle["history"])
    trained_on = bundle.get("trained_on")
    whole = history.columns.intersection(["epoch", "model"])
    return Classifier(
        network=network,
        classes=bundle["classes"],
        genes=bundle["genes"],
        preset=bundle["preset"],
        history=history.astype({name: int if name in whole else float for name in history}),
        label=bundle["label"],
        versions=bundle["versions"],
        scale=bundle["scale"],
        training=bundle.get("training", {}),
        trained_on=None if trained_on is None else pd.DataFrame(trained_on, dtype=str),
    )


def _read(source: Path) -> dict[str, Any]:
    """Return the content of ``bundle.json``, after checking its types and its checksum."""
    try:
        bundle = json.loads(
            (source / _BUNDLE).read_text(encoding="utf-8"), parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:  # not UTF-8, or not JSON
        _damaged(source / _BUNDLE, f"it cannot be read ({str(error)[:200]})")
    if not isinstance(bundle, dict):
        _damaged(source / _BUNDLE, f"it has a {type(bundle).__name__} instead of a mapping")
    if bundle.get("format") != _FORMAT:
        raise DataError(
            f"{source} has bundle format {bundle.get('format')}, this version of tissueshap "
            f"reads {_FORMAT}: install the version that wrote it, {bundle.get('versions')}"
        )
    for name, kind in _FIELDS.items():
        if not isinstance(bundle.get(name), kind):
            _damaged(source / _BUNDLE, f"{name!r} is missing, or of another type")
    if bundle["sha256"].get(_BUNDLE) != _content_sum(bundle):
        _damaged(source / _BUNDLE, "its content is not what was saved (checksum)")
    for what in ("classes", "genes"):
        names = bundle[what]
        if len(set(map(str, names))) < len(names) or not all(isinstance(x, str) for x in names):
            _damaged(source / _BUNDLE, f"{what} are not unique, or not strings")
    if len({len(column) for column in bundle["history"].values()}) > 1:
        _damaged(source / _BUNDLE, "the columns of 'history' have different lengths")
    if bundle["scale"] is not None:
        try:
            bundle["scale"] = InputScale.from_dict(bundle["scale"], len(bundle["genes"]))
        except DataError as error:
            _damaged(source / _BUNDLE, str(error))
    return bundle


def _read_network(source: Path, bundle: Mapping[str, Any]) -> Any:
    """Return the network, after checking that it is unchanged, fits the names and is finite."""
    path = source / _NETWORK
    if bundle["sha256"].get(_NETWORK) != _file_sum(path):
        _damaged(path, "its content is not what was saved (checksum)")
    import_module("tissueshap.model._layers")  # Keras finds the layers once they are registered
    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(item.file_size for item in packed.infolist())
        if size > max(_MOST_UNPACKED, 20 * path.stat().st_size):
            _damaged(path, f"it would unpack to {size / 2**30:,.0f} GB")
        network = keras().saving.load_model(path, compile=False, safe_mode=True)
        shape = (network.input_shape[-1], network.output_shape[-1])
    except DataError:
        raise
    except Exception as error:  # Keras has no error class for files that it cannot read
        _damaged(path, f"Keras {versions_of(('keras',))['keras']} cannot load it ({error!s:.200})")
    expected = (len(bundle["genes"]), len(bundle["classes"]))
    if shape != expected:
        _damaged(
            path,
            f"it has {shape[0]} genes and {shape[1]} classes, but {_BUNDLE} names {expected[0]} "
            f"and {expected[1]}",
        )
    if not all(np.isfinite(weights).all() for weights in network.get_weights()):
        _damaged(path, "weights are missing or infinite")
    return network


def _damaged(path: Path, what: str) -> NoReturn:
    raise DataError(
        f"{path} is damaged or was changed: {what}; copy the bundle again, or train and save the "
        "classifier again"
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _file_sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _content_sum(bundle: Mapping[str, Any]) -> str:
    """Return the checksum of everything in a bundle except its own checksum."""
    sums = {name: each for name, each in bundle["sha256"].items() if name != _BUNDLE}
    text = json.dumps({**bundle, "sha256": sums}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
