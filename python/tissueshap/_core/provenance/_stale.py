"""Checks whether what a record was made from has changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tissueshap._core import schema
from tissueshap._core.errors import StaleError
from tissueshap._core.provenance._fingerprints import Now
from tissueshap._core.provenance._origin import depends_on, names_in, part_now, records

if TYPE_CHECKING:
    from anndata import AnnData

#: What each fingerprint describes, for messages. Some can only be compared for the same
#: samples, or the same samples and genes.
_WORDS = {
    "samples": "other samples",
    "order": "other samples, or samples in another order",
    "genes": "other genes",
    "labels": "other classes of the samples (adata.obs[{label!r}])",
    "split": "another split (adata.obs['split'])",
    "train": "other training samples (adata.obs['split']) or classes (adata.obs[{label!r}])",
    "values": "other values of adata.layers[{layer!r}]",
}
_SAME_SAMPLES = {"labels", "split", "train", "values"}


def current(
    adata: AnnData,
    *keys: str | None,
    label: str | None = None,
    all_samples: bool = False,
    what: str = "adata",
) -> dict[str, str]:
    """Return the ids of the present records, and refuse those that are out of date.

    Parameters
    ----------
    adata
        The AnnData with the records.
    keys
        Their names; None is ignored.
    label
        Column of ``obs`` with the classes that they must be of; by default each its own.
    all_samples
        Whether they must be of the current samples. Otherwise they only need to be of the same
        samples, because results on genes do not change if samples are dropped later.
    what
        The AnnData's name in messages.

    Raises
    ------
    StaleError
        Something that a record was made from has changed; the message names the verb to run.
    """
    entries, now = records(adata), Now(adata, label)
    wanted = [key for key in dict.fromkeys(keys) if key is not None and key in entries]
    of_samples: dict[str, str] = {}
    for key in wanted:
        _check(entries, key, now, what, of_samples)
    first = next(iter(of_samples), "")
    for key, samples in of_samples.items():
        if samples != (now.samples if all_samples else of_samples[first]):
            changed = _WORDS["samples"] + ("" if all_samples else f" than {first!r}")
            raise StaleError(_message(entries, key, changed, what))
    return {key: str(entries[key]["id"]) for key in wanted if "id" in entries[key]}


def check(
    adata: AnnData, keys: Sequence[str], *, models: Sequence[str] = (), what: str = "adata"
) -> None:
    """Raise if records that are shown together are out of date, or of several models.

    Parameters
    ----------
    adata
        The AnnData with the records.
    keys
        Their names; missing ones are ignored.
    models
        Records that must be of the same model.
    what
        The AnnData's name in messages.

    Raises
    ------
    StaleError
        The message names the verb to run again.
    """
    current(adata, *keys, all_samples=True, what=what)
    entries = records(adata)
    of_one = {
        key: entries[key].get("made_from", {}).get("model") for key in models if key in entries
    }
    known = [key for key, model in of_one.items() if model is not None]
    for key in known[1:]:
        if of_one[key] != of_one[known[0]]:
            raise StaleError(_message(entries, key, f"another model than {known[0]!r}", what))


def _check(
    entries: Mapping[str, Any], key: str, now: Now, what: str, of_samples: dict[str, str]
) -> None:
    """Refuse a record that is out of date; what it was made from comes first.

    ``of_samples`` is filled with the fingerprints of the samples, if a record depends on
    them.
    """
    origin = entries[key].get("made_from")
    if not isinstance(origin, Mapping):
        return
    read = origin.get("records", {})
    for name in read:
        if name in entries and name != key:
            _check(entries, name, now, what, of_samples)
    for name, id_ in read.items():
        if name != key and entries.get(name, {}).get("id", id_) != id_:
            raise StaleError(_message(entries, key, f"an earlier run of {name!r}", what))
    if "samples" in depends_on(_verb(entries, key)):
        of_samples[key] = str(origin["samples"])
    for part, words in _WORDS.items():
        if _comparable(part, origin, now, _verb(entries, key)):
            then, seen = origin[part], part_now(now, part, origin)
            if seen is not None and str(then) != seen:
                raise StaleError(_message(entries, key, words.format(**names_in(origin)), what))


def _comparable(part: str, origin: Mapping[str, Any], now: Now, verb: str) -> bool:
    if part not in origin or part == "samples":
        return False
    if part == "genes" and part not in depends_on(verb):
        return False
    if part in _SAME_SAMPLES and str(origin["samples"]) != now.samples:
        return False
    return part != "values" or str(origin["genes"]) == now.genes


def _verb(entries: Mapping[str, Any], key: str) -> str:
    return str(entries[key].get("verb", key))


def _message(entries: Mapping[str, Any], key: str, changed: str, what: str) -> str:
    verb = _verb(entries, key)
    takes_model = verb != "cnn" and "model" in entries[key].get("made_from", {})
    return (
        f"{what}.uns[{schema.UNS!r}][{key!r}] was made from {changed}: run "
        f"ts.{schema.written_by('uns', verb) or verb}({what}{', model' * takes_model}) again"
    )
