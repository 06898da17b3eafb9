"""What a record is made from, and its id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import schema
from tissueshap._core.provenance._fingerprints import Now, fingerprint

if TYPE_CHECKING:
    from anndata import AnnData


def records(adata: AnnData) -> dict[str, dict[str, Any]]:
    """Return the records of the verbs, by name."""
    entries = adata.uns.get(schema.UNS, {})
    return {str(key): entry for key, entry in entries.items() if isinstance(entry, dict)}


def made_from(
    adata: AnnData, verb: str, params: Mapping[str, Any], sources: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a record of a verb is made from.

    Parameters
    ----------
    adata
        What the verb has read.
    verb
        Its name, without its namespace.
    params
        What it was called with; ``label`` and ``layer`` say which these are.
    sources
        Ids of the records that it has read, by name, as :func:`current` returns them; the
        fingerprint of the model under ``"model"``.
    """
    now, wanted = Now(adata), depends_on(verb)
    origin: dict[str, Any] = {"samples": now.samples, "genes": now.genes}
    label = params.get("label") or adata.uns.get(schema.UNS, {}).get("label")
    if {"labels", "train"} & wanted:
        origin["label"] = label
    if "values" in wanted:
        origin["layer"] = params.get("layer")
    for what in wanted - set(origin):
        origin[what] = part_now(now, what, origin)
    read = {key: id_ for key, id_ in sources.items() if key != "model"}
    origin |= {"records": read, "model": sources.get("model")}
    return {key: value for key, value in origin.items() if value}


def inherited(origin: Mapping[str, Any], before: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a record is made from if it replaces, under the same name, one that it read."""
    read = {**before.get("records", {}), **origin.get("records", {})}
    read.pop(name, None)
    return {**before, **origin, "records": read}


def identity(verb: str, params: Mapping[str, Any], seed: int | None, origin: Any) -> str:
    """Return the id of a record: the same if a verb is run again on the same input."""
    text = json.dumps([verb, params, seed, origin], default=_plain)
    # R has one type of number: 2 and 2.0 are the same setting.
    return fingerprint([json.dumps(json.loads(text, parse_int=float), sort_keys=True)])


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def depends_on(verb: str) -> set[str]:
    """Return the fingerprints that a verb's results depend on."""
    return set(schema.load()["uns"].get(verb, {}).get("from", ()))


def without_origin(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record for an AnnData that is not the one it was made from, but a part of it."""
    return {key: value for key, value in entry.items() if key not in ("made_from", "id")}


def part_now(now: Now, part: str, origin: Mapping[str, Any]) -> str | None:
    names = names_in(origin)
    value: str | None
    if part in ("labels", "train"):
        value = getattr(now, part)(now.label or names["label"])
    elif part == "values":
        value = now.values(names["layer"])
    else:
        value = getattr(now, part)
    return value


def names_in(origin: Mapping[str, Any]) -> dict[str, str | None]:
    names = {name: origin.get(name) for name in ("label", "layer")}
    return {name: None if value is None else str(value) for name, value in names.items()}
