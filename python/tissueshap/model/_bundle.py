"""The model bundle: a folder with everything that a trained network needs to be used."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._core.folders import whole_folder
from tissueshap._core.slots import versions_of
from tissueshap.model._arrays import arrays_of, parts_of
from tissueshap.model._backend import keras
from tissueshap.model._card import card
from tissueshap.model._input_scale import InputScale
from tissueshap.model._preparation import Preparation

_NETWORK, _BUNDLE, _ARRAYS, _CARD = "model.keras", "bundle.json", "arrays.npz", "README.md"
#: What this version writes, and what it reads: 2 has neither arrays nor a card.
_FORMAT, _READS = 3, (2, 3)
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


def write(model: Any, target: Path) -> Path:
    """Write the bundle, as :meth:`Classifier.save` describes."""
    with whole_folder(target, overwrite=True) as folder:
        model.network.save(folder / _NETWORK)
        np.savez_compressed(folder / _ARRAYS, allow_pickle=False, **arrays_of(model))
        (folder / _CARD).write_text(card(model), encoding="utf-8")
        sums = {name: _file_sum(folder / name) for name in (_NETWORK, _ARRAYS, _CARD)}
        bundle = {**_content(model), "sha256": sums}
        sums[_BUNDLE] = _content_sum(bundle)
        text = json.dumps(bundle, indent=1, ensure_ascii=False, allow_nan=False)
        (folder / _BUNDLE).write_text(text, encoding="utf-8")
    return target


def _content(model: Any) -> dict[str, Any]:
    history = model.history.astype(object).where(model.history.notna(), None)
    calibration, trained_on = model.calibration, model.trained_on
    return {
        "format": _FORMAT,
        "preset": model.preset,
        "label": model.label,
        "versions": model.versions,
        "training": model.training,
        "recipe": model.recipe,
        "classes": model.classes,
        "genes": model.genes,
        "scale": None if model.scale is None else model.scale.to_dict(),
        "history": history.to_dict(orient="list"),
        "trained_on": None if trained_on is None else trained_on.to_dict(orient="list"),
        "preparation": None if model.preparation is None else model.preparation.to_dict(),
        "calibration": None if calibration is None else calibration.to_dict(),
        "card": model.card,
    }


def read(source: Path) -> dict[str, Any]:
    """Return the fields of the classifier in a folder, as :func:`model.load` describes."""
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
    return {
        "network": network,
        "classes": bundle["classes"],
        "genes": bundle["genes"],
        "preset": bundle["preset"],
        "history": history.astype({name: int if name in whole else float for name in history}),
        "label": bundle["label"],
        "versions": bundle["versions"],
        "scale": bundle["scale"],
        "training": bundle.get("training", {}),
        "trained_on": None if trained_on is None else pd.DataFrame(trained_on, dtype=str),
        "recipe": bundle.get("recipe", {}),
        "preparation": bundle.get("preparation"),
        "card": bundle.get("card", {}),
        **_read_arrays(source, bundle),
    }


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
    if bundle.get("format") not in _READS:
        raise DataError(
            f"{source} has bundle format {bundle.get('format')}, this version of tissueshap "
            f"reads {' and '.join(map(str, _READS))}: install the version that wrote it, "
            f"{bundle.get('versions')}"
        )
    for name, kind in _FIELDS.items():
        if not isinstance(bundle.get(name), kind):
            _damaged(source / _BUNDLE, f"{name!r} is missing, or of another type")
    if bundle["sha256"].get(_BUNDLE) != _content_sum(bundle):
        _damaged(source / _BUNDLE, "its content is not what was saved (checksum)")
    _check_names(source, bundle)
    if len({len(column) for column in bundle["history"].values()}) > 1:
        _damaged(source / _BUNDLE, "the columns of 'history' have different lengths")
    genes = bundle["genes"]
    try:
        if bundle["scale"] is not None:
            bundle["scale"] = InputScale.from_dict(bundle["scale"], len(genes))
        if bundle.get("preparation") is not None:
            bundle["preparation"] = Preparation.from_dict(bundle["preparation"], genes)
    except DataError as error:
        _damaged(source / _BUNDLE, str(error))
    return bundle


def _check_names(source: Path, bundle: Mapping[str, Any]) -> None:
    for what in ("classes", "genes"):
        names = bundle[what]
        if len(set(map(str, names))) < len(names) or not all(isinstance(x, str) for x in names):
            _damaged(source / _BUNDLE, f"{what} are not unique, or not strings")


def _read_arrays(source: Path, bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return calibration and background, after checking that their file is unchanged."""
    if bundle["format"] < _FORMAT:
        return {}
    path = source / _ARRAYS
    if not path.is_file() or bundle["sha256"].get(_ARRAYS) != _file_sum(path):
        _damaged(path, "it is missing, or its content is not what was saved (checksum)")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return parts_of(dict(arrays), bundle)
    except (DataError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        _damaged(path, str(error))


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
