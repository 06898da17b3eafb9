"""The writer of the contract, for the verbs of both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import provenance, schema
from tissueshap._core.slots._names import named
from tissueshap._core.slots._owner import held_in, listed, owner, refuse_taken
from tissueshap._core.slots._read import record, require
from tissueshap._core.slots._stored import as_stored, storable, versions_of

if TYPE_CHECKING:
    from anndata import AnnData

_RECORDED = ("tissueshap", "anndata", "numpy")
#: Groups of slots that verbs write to.
_GROUPS = ("obs", "var", "layers", "obsm", "varm", "scanpy")


def write(
    adata: AnnData,
    verb: str,
    results: Mapping[str, Any],
    *,
    params: Mapping[str, Any],
    seed: int | None = None,
    versions: Mapping[str, str] | Sequence[str] = (),
    sources: Mapping[str, str] | None = None,
    computed: str | None = None,
    key_added: str | None = None,
) -> None:
    """Write the results of a verb, and record how and from what they were made.

    Parameters
    ----------
    adata
        The AnnData to write to, samples x genes.
    verb
        Name of the verb, without its namespace: ``"tmm"``.
    results
        Values by slot: ``{"obs": {"lib_size": ...}, "layers": {"tmm": ...},
        "varm": {"de_fdr": ...}, "uns": {"counts": ...}}``. A layer is samples x
        genes; frames in ``varm`` and ``obsm`` have one column per class.
    params
        The parameters of the verb, including defaults.
    seed
        The seed, if random numbers were used.
    versions
        Versions of the packages that did the work, or their names in Python.
    sources
        The result of :func:`begin`, and under ``"model"`` the model's fingerprint.
    computed
        A layer that is not stored, but computed from the results whenever it is read
        (:mod:`tissueshap._core.layers`).
    key_added
        Replaces the verb's name in ``uns`` and is the prefix of the other names
        (``key_added="run2"`` writes ``varm["run2_shap_rank"]``).

    Raises
    ------
    TakenSlotError
        A slot has data that no verb wrote.
    """
    named(verb, key_added)  # checks it, even without slots
    prepared = {
        (group, named(key, key_added)): as_stored(group, key, value, adata)
        for group in _GROUPS
        for key, value in results.get(group, {}).items()
    }
    name = key_added or verb
    not_stored = () if computed is None else (("layers", named(computed, key_added)),)
    refuse_taken(adata, verb, [*prepared, *not_stored], name)
    origin = provenance.made_from(adata, verb, params, sources or {})
    before = provenance.records(adata).get(name, {})
    if name in (sources or {}):
        origin = provenance.inherited(origin, before.get("made_from", {}), name)
    slots = {f"{group}/{key}" for group, key in (*prepared, *not_stored)} | set(listed(before))
    entry: dict[str, Any] = {
        "verb": verb,
        "params": storable(params),
        "versions": {**versions_of(_RECORDED), **versions_of(versions)},
        "made_from": origin,
        "id": provenance.identity(verb, storable(params), seed, origin),
        # Strings, also if there are none.
        "slots": np.asarray(sorted(slots), dtype=str),
    }
    if seed is not None:
        entry["seed"] = int(seed)
    entry.update(storable(results.get("uns", {})))
    if computed is not None:
        sources_of = (computed, *results.get("obs", {}))
        entry["computed"] = {key: named(key, key_added) for key in sources_of}
        adata.layers.pop(named(computed, key_added), None)  # of an earlier call
    for (group, key), value in prepared.items():
        held_in(adata, group)[key] = value
    record(adata)[name] = entry


def begin(
    adata: AnnData,
    verb: str,
    *reads: str | None,
    layer: str | None = None,
    label: str | None = None,
    key_added: str | None = None,
) -> dict[str, str]:
    """Check, before a verb's work, what it reads and the slots that it writes.

    Parameters
    ----------
    adata
        Samples x genes.
    verb
        Name of the verb, without its namespace.
    reads
        Records that it reads, if present; None is ignored.
    layer
        The layer that it reads; the record of the verb that wrote it is read too.
    label
        The column with the classes that it uses, if the records must be of the same classes.
    key_added
        As for :func:`write`.

    Returns
    -------
    The ids of the records, for :func:`write`.

    Raises
    ------
    StaleError
        A record is out of date.
    TakenSlotError
        A slot that the verb writes has data that no verb wrote.
    """
    slots = [
        (group, named(key, key_added))
        for group in _GROUPS
        for key, entry in schema.load()[group].items()
        if entry["by"] in (f"pp.{verb}", f"tl.{verb}") and key not in schema.PREFIXES
    ]
    refuse_taken(adata, verb, slots, key_added or verb)
    return current(adata, *reads, layer=layer, label=label)


def current(
    adata: AnnData,
    *reads: str | None,
    layer: str | None = None,
    label: str | None = None,
    what: str = "adata",
) -> dict[str, str]:
    """Return the ids of the records that a verb reads, or raise a StaleError."""
    made_by = None if layer is None else owner(adata, "layers", layer)
    return provenance.current(adata, *reads, made_by, label=label, what=what)


def subset_genes(adata: AnnData, key: str = "filter_pass") -> None:
    """Keep, in place, only the genes that a boolean column of ``var`` marks."""
    adata._inplace_subset_var(require(adata, "var", key).to_numpy(dtype=bool))
