"""What a record was made from, and whether that has changed since.

Every record holds an ``id`` and ``made_from``: fingerprints of the samples and genes that
there were, of what its verb depends on (``from`` in ``inst/schema.json``), the model's where
there is one, and the ids of the records that were read. :func:`check` compares them with the
AnnData as it is. Records of earlier versions hold neither, and R's verbs leave out what R
cannot compute (the values of a layer): what is not there is not compared.

R computes the same fingerprints (``R/provenance.R``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema
from tissueshap._dense import dense
from tissueshap._errors import StaleError

if TYPE_CHECKING:
    from anndata import AnnData

#: Samples of a layer that its fingerprint looks at: another normalisation changes all of them.
_ROWS = 32
#: What each fingerprint is of, in the words of the messages, and when it can be compared:
#: with the same samples, or with the same samples and genes.
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


def fingerprint(texts: Iterable[str]) -> str:
    """Return a short text that stands for others, in their order."""
    joined = "\n".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.md5(joined, usedforsecurity=False).hexdigest()


def name_codes(names: Iterable[str]) -> list[str]:
    """Return what stands for each sample where its name should not travel, as in a bundle."""
    return [fingerprint([str(name)])[:12] for name in names]


def records(adata: AnnData) -> dict[str, dict[str, Any]]:
    """Return the records of the verbs, by name."""
    held = adata.uns.get(_schema.UNS, {})
    return {str(key): entry for key, entry in held.items() if isinstance(entry, dict)}


class Now:
    """Fingerprints of an AnnData as it is, each made when it is first asked for."""

    def __init__(self, adata: AnnData, label: str | None = None) -> None:
        self._adata, self.label = adata, label
        self.labels, self.values = cache(self._labels), cache(self._values)
        self.train = cache(self._train)

    @cached_property
    def samples(self) -> str:
        """Of the samples, in any order."""
        return fingerprint(sorted(self._names))

    @cached_property
    def order(self) -> str:
        """Of the samples in their order."""
        return fingerprint(self._names)

    @cached_property
    def genes(self) -> str:
        """Of the genes, in any order."""
        return fingerprint(sorted(map(str, self._adata.var_names)))

    @cached_property
    def split(self) -> str | None:
        """Of the side that each sample is on, or of the fold that it is held out in."""
        sides = self._adata.obs.get(_schema.obs.split)
        folds = sides is not None and (sides.astype(str) == "both").any()
        return self._column(_schema.obs.fold if folds else _schema.obs.split)

    def _labels(self, label: str | None) -> str | None:
        return None if label is None else self._column(label)

    def _train(self, label: str | None) -> str | None:
        """Return the fingerprint of the training samples and their classes."""
        obs = self._adata.obs
        if label is None or label not in obs or _schema.obs.split not in obs:
            return None
        return self._column(
            label, obs[_schema.obs.split].astype(str).isin(["train", "both"]).to_numpy()
        )

    def _values(self, layer: str | None) -> str | None:
        """Return the fingerprint of a layer: of some samples' values, in the order of names."""
        if layer not in self._adata.layers or 0 in self._adata.shape:
            return None
        order = np.argsort(np.asarray(self._names, dtype=object), kind="stable")
        chosen = order[np.unique(np.linspace(0, order.size - 1, _ROWS).astype(int))]
        genes = np.argsort(np.asarray(list(map(str, self._adata.var_names)), dtype=object))
        rows = np.sort(chosen)  # a file is read in its own order
        part = self._adata.layers[layer][rows]
        held = hashlib.md5(usedforsecurity=False)
        for place in np.searchsorted(rows, chosen):
            values = dense(part[place : place + 1])[0].astype("<f4")[genes]
            held.update((values + np.float32(0)).tobytes())  # no -0
        return held.hexdigest()

    @cached_property
    def _names(self) -> list[str]:
        return list(map(str, self._adata.obs_names))

    def _column(self, key: str, kept: np.ndarray | None = None) -> str | None:
        if key not in self._adata.obs:
            return None
        values = self._adata.obs[key].astype(str)
        pairs = [f"{name}\t{value}" for name, value in zip(self._names, values, strict=True)]
        if kept is not None:
            pairs = [pair for pair, use in zip(pairs, kept, strict=True) if use]
        return fingerprint(sorted(pairs))


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
    held: dict[str, Any] = {"samples": now.samples, "genes": now.genes}
    label = params.get("label") or adata.uns.get(_schema.UNS, {}).get("label")
    if {"labels", "train"} & wanted:
        held["label"] = label
    if "values" in wanted:
        held["layer"] = params.get("layer")
    for what in wanted - set(held):
        held[what] = _now(now, what, held)
    read = {key: id_ for key, id_ in sources.items() if key != "model"}
    held |= {"records": read, "model": sources.get("model")}
    return {key: value for key, value in held.items() if value}


def inherited(origin: Mapping[str, Any], before: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a record is made from that takes the place, under one name, of one it read."""
    read = {**before.get("records", {}), **origin.get("records", {})}
    read.pop(name, None)
    return {**before, **origin, "records": read}


def identity(verb: str, params: Mapping[str, Any], seed: int | None, origin: Any) -> str:
    """Return the id of a record: the same where a verb is run again on the same."""
    text = json.dumps([verb, params, seed, origin], default=_plain)
    # R has one type of number: 2 and 2.0 are the same setting.
    return fingerprint([json.dumps(json.loads(text, parse_int=float), sort_keys=True)])


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def depends_on(verb: str) -> set[str]:
    """Return the fingerprints that a verb's results depend on."""
    return set(_schema.load()["uns"].get(verb, {}).get("from", ()))


def without_origin(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record for an AnnData that is not the one it was made from, but a part of it."""
    return {key: value for key, value in entry.items() if key not in ("made_from", "id")}


def current(
    adata: AnnData,
    *keys: str | None,
    label: str | None = None,
    all_samples: bool = False,
    what: str = "adata",
) -> dict[str, str]:
    """Return the ids of records that are there, and refuse those that are out of date.

    Parameters
    ----------
    adata
        Holds the records.
    keys
        Their names; None is nothing.
    label
        Column of ``obs`` with the classes that they must be of; by default each its own.
    all_samples
        Whether they must be of the samples that there are. Else they need only be of the same
        ones: what is known of genes does not change when samples are left out.
    what
        What messages call the AnnData.

    Raises
    ------
    StaleError
        Something that a record was made from has changed; the message names the verb to run.
    """
    held, now = records(adata), Now(adata, label)
    wanted = [key for key in dict.fromkeys(keys) if key is not None and key in held]
    of_samples: dict[str, str] = {}
    for key in wanted:
        _check(held, key, now, what, of_samples)
    first = next(iter(of_samples), "")
    for key, samples in of_samples.items():
        if samples != (now.samples if all_samples else of_samples[first]):
            changed = _WORDS["samples"] + ("" if all_samples else f" than {first!r}")
            raise StaleError(_message(held, key, changed, what))
    return {key: str(held[key]["id"]) for key in wanted if "id" in held[key]}


def trained_on(adata: AnnData, key: str) -> pd.DataFrame | None:
    """Return which samples the model of a record of predictions was trained on, if it says."""
    found: pd.DataFrame | None = records(adata).get(key, {}).get("trained_on")
    return found


def check(
    adata: AnnData, keys: Sequence[str], *, models: Sequence[str] = (), what: str = "adata"
) -> None:
    """Raise where records that are shown together are out of date, or of several models.

    Parameters
    ----------
    adata
        Holds the records.
    keys
        Their names; those that are not there are nothing.
    models
        Those that must be of one model.
    what
        What messages call the AnnData.

    Raises
    ------
    StaleError
        The message names the verb to run again.
    """
    current(adata, *keys, all_samples=True, what=what)
    held = records(adata)
    of_one = {key: held[key].get("made_from", {}).get("model") for key in models if key in held}
    known = [key for key, model in of_one.items() if model is not None]
    for key in known[1:]:
        if of_one[key] != of_one[known[0]]:
            raise StaleError(_message(held, key, f"another model than {known[0]!r}", what))


def check_trained_on(
    adata: AnnData, label: str | None, trained_on: pd.DataFrame | None, *, what: str = "adata"
) -> None:
    """Raise where samples that a model has learned from are held out, or have other classes.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes; None does not look at them.
    trained_on
        ``sample`` (:func:`name_codes`), ``class``; None or empty for a model that does not say.
    what
        What messages call the AnnData.
    """
    if trained_on is None or trained_on.empty:
        return
    learned = pd.Series(
        trained_on["class"].astype(str).to_numpy(), trained_on["sample"].astype(str)
    )
    then = pd.Series(name_codes(adata.obs_names)).map(learned[~learned.index.duplicated()])
    known = then.notna().to_numpy()
    if _schema.obs.split in adata.obs:
        test = np.asarray(adata.obs[_schema.obs.split].astype(str)) == "test"
        if (both := known & test).any():
            raise StaleError(
                f"the model was trained on {both.sum()} of the {test.sum()} samples that "
                f"{what}.obs['split'] holds out ({_first(adata, both)}): run ts.tl.cnn({what}) "
                "again (or give the samples of another cohort other names)"
            )
    if label is None:
        return
    other = known & (np.asarray(adata.obs[label].astype(str)) != then.to_numpy())
    if other.any():
        raise StaleError(
            f"{what}.obs[{label!r}] has other classes for {other.sum()} of the {known.sum()} "
            f"samples here that the model was trained on ({_first(adata, other)}) than it had "
            f"then: run ts.tl.cnn({what}) again"
        )


def _first(adata: AnnData, mask: np.ndarray) -> str:
    return ", ".join(map(str, adata.obs_names[mask][:3]))


def _check(
    held: Mapping[str, Any], key: str, now: Now, what: str, of_samples: dict[str, str]
) -> None:
    """Refuse a record that is out of date; what it was made from comes first.

    ``of_samples`` is filled with the fingerprints of the samples, where a record depends on
    them.
    """
    origin = held[key].get("made_from")
    if not isinstance(origin, Mapping):
        return
    read = origin.get("records", {})
    for name in read:
        if name in held and name != key:
            _check(held, name, now, what, of_samples)
    for name, id_ in read.items():
        if name != key and held.get(name, {}).get("id", id_) != id_:
            raise StaleError(_message(held, key, f"an earlier run of {name!r}", what))
    if "samples" in depends_on(_verb(held, key)):
        of_samples[key] = str(origin["samples"])
    for part, words in _WORDS.items():
        if _comparable(part, origin, now, _verb(held, key)):
            then, seen = origin[part], _now(now, part, origin)
            if seen is not None and str(then) != seen:
                raise StaleError(_message(held, key, words.format(**_names(origin)), what))


def _comparable(part: str, origin: Mapping[str, Any], now: Now, verb: str) -> bool:
    if part not in origin or part == "samples":
        return False
    if part == "genes" and part not in depends_on(verb):
        return False
    if part in _SAME_SAMPLES and str(origin["samples"]) != now.samples:
        return False
    return part != "values" or str(origin["genes"]) == now.genes


def _now(now: Now, part: str, origin: Mapping[str, Any]) -> str | None:
    names = _names(origin)
    found: str | None
    if part in ("labels", "train"):
        found = getattr(now, part)(now.label or names["label"])
    elif part == "values":
        found = now.values(names["layer"])
    else:
        found = getattr(now, part)
    return found


def _names(origin: Mapping[str, Any]) -> dict[str, str | None]:
    found = {name: origin.get(name) for name in ("label", "layer")}
    return {name: None if value is None else str(value) for name, value in found.items()}


def _verb(held: Mapping[str, Any], key: str) -> str:
    return str(held[key].get("verb", key))


def _message(held: Mapping[str, Any], key: str, changed: str, what: str) -> str:
    verb = _verb(held, key)
    takes_model = verb != "cnn" and "model" in held[key].get("made_from", {})
    return (
        f"{what}.uns[{_schema.UNS!r}][{key!r}] was made from {changed}: run "
        f"ts.{_schema.written_by('uns', verb) or verb}({what}{', model' * takes_model}) again"
    )
