"""The names of the slots, read from ``inst/schema.json``.

That file is the only source of the contract for both languages: no slot name is
repeated in Python or R. ``inst`` has other files that both read, such as the colours of
the figures.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]

#: Folders of shared files: in a wheel, in a checkout, in an installed R package.
_FOLDERS = (_PACKAGE / "_rpkg" / "inst", _PACKAGE.parents[1] / "inst", _PACKAGE.parents[1])


@cache
def shared(name: str) -> dict[str, Any]:
    """Return a JSON file of ``inst``, which R reads too."""
    for folder in _FOLDERS:
        if (folder / name).is_file():
            loaded: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
            return loaded
    tried = ", ".join(str(folder / name) for folder in _FOLDERS)
    raise FileNotFoundError(
        f"{name} is missing from this installation of tissueshap (looked at {tried}); "
        "install the package again"
    )


def load() -> dict[str, Any]:
    """Return the schema as nested dictionaries."""
    return shared("schema.json")


class Group:
    """The keys of one group of slots: ``layers.tmm`` is the string ``"tmm"``."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, key: str) -> str:
        if key.startswith("__") or key not in load()[self._name]:
            raise AttributeError(f"the schema has no {self._name}[{key!r}]")
        return key

    def __dir__(self) -> list[str]:
        return sorted(load()[self._name])


obs = Group("obs")
var = Group("var")
layers = Group("layers")
obsm = Group("obsm")
varm = Group("varm")
#: Records in ``uns`` that scanpy's functions read.
scanpy = Group("scanpy")

#: Slots whose names are the beginning of others: ``obsm["X_umap_shap"]``.
PREFIXES = (obsm.X_umap, layers.shap_class, varm.shap_rank_fold)

#: ``uns[UNS]`` holds the records of the verbs.
UNS: str = load()["uns_key"]


def written_by(group: str, key: str) -> str | None:
    """Return the verb that writes a slot (``"pp.tmm"``), or None if unknown."""
    entry = load().get(group, {}).get(key)
    return None if entry is None else str(entry["by"])


def plain_name(name: str) -> str:
    """Return a name, of a column or a layer, as HDF5 can hold it, which takes ``/`` for a path."""
    return _replaced(name, "name_escape")


def column(class_name: str) -> str:
    """Return the column that stands for a class in a data frame of the contract.

    HDF5 takes ``/`` for a path, so a class called ``CD8+/CD45RA+`` has the column
    ``CD8+|CD45RA+``, and one called ``CD8+|CD45RA+`` the column ``CD8+%7CCD45RA+``: no two
    classes share one.
    """
    return _replaced(class_name, "column_escape")


def columns_in(classes: Iterable[str], stored: Iterable[object]) -> dict[str, str]:
    """Return the columns that stand for classes, by class, without those that are not there.

    Earlier versions, which refused classes ``a/b`` together with ``a|b``, called both ``a|b``.

    Parameters
    ----------
    classes
        Names of the classes.
    stored
        The columns that there are.
    """
    there = set(map(str, stored))
    columns = {name: column(name) for name in classes}
    taken = set(columns.values())
    for name, new in list(columns.items()):
        old = plain_name(name)
        if new not in there:
            if old in there and old not in taken:
                columns[name] = old
            else:
                del columns[name]
    return columns


def key_of(prefix: str, name: str, stored: Container[str]) -> str:
    """Return the slot of a class or gene set under a prefix, as ``stored`` has it."""
    old = f"{prefix}_{plain_name(name)}"
    new = f"{prefix}_{column(name)}"
    return old if new not in stored and old in stored else new


def _replaced(name: str, escapes: str) -> str:
    for bad, good in load()[escapes].items():
        name = name.replace(bad, good)
    return name
