"""The owner of a slot: a verb, by its record, or the user, whose slots no verb replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import provenance, schema
from tissueshap._core.errors import TakenSlotError

if TYPE_CHECKING:
    from anndata import AnnData

#: What is stored next to the records: the class column, and in R the assay of the counts.
_NOT_RECORDS = ("label", "assay")


def refuse_taken(adata: AnnData, verb: str, slots: Iterable[tuple[str, str]], name: str) -> None:
    """Raise if slots have data that no verb wrote, or if the record is another verb's.

    Slots that ``io`` writes may also come from the user and are filled in.
    """
    if name in _NOT_RECORDS or (name != verb and name in schema.load()["uns"]):
        raise TakenSlotError(
            f"key_added={name!r} is the name of another record of tissueshap: choose another one"
        )
    label = adata.uns.get(schema.UNS, {}).get("label")
    for group, key in slots:
        if (schema.written_by(group, key) or "").startswith("io."):
            continue
        taken = key in held_in(adata, group) and owner(adata, group, key) is None
        if taken or (group == "obs" and key == label):
            place = "uns" if group == "scanpy" else group
            raise TakenSlotError(
                f"adata.{place}[{key!r}] exists already and was not written by tissueshap: "
                f"ts.{schema.written_by('uns', verb) or verb} would replace it; rename or delete "
                f"it, or pass another key_added=, the prefix of the names of what is written"
            )


def held_in(adata: AnnData, group: str) -> Any:
    """Return what has the slots of a group; scanpy's records are in ``uns`` itself."""
    return adata.uns if group == "scanpy" else getattr(adata, group)


def owner(adata: AnnData, group: str, key: str) -> str | None:
    """Return the name of the record whose verb wrote a slot, None if it is the user's."""
    for name, entry in provenance.records(adata).items():
        if f"{group}/{key}" in listed(entry):
            return name
        if "slots" not in entry and _written(name, group, key):
            return name
    return None


def listed(entry: Mapping[str, Any]) -> list[str]:
    """Return the slots that a record lists, as ``group/key``."""
    return [str(slot) for slot in np.atleast_1d(entry.get("slots", ()))]


def _written(name: str, group: str, key: str) -> bool:
    """Return whether a record of an earlier version, which lists no slots, includes a slot."""
    contract = schema.load()
    verb = schema.written_by("uns", name)
    if verb is None:  # it is a key_added, of any verb
        if not key.startswith(f"{name}_"):
            return False
        key = key.removeprefix(f"{name}_")
    by = {slot for slot, entry in contract[group].items() if verb in (None, entry["by"])}
    return key in by or any(
        prefix in by and key.startswith(f"{prefix}_") for prefix in schema.PREFIXES
    )
