"""Reading and writing the slots of the contract: the one writer of both languages.

A verb hands over what it found, grouped by slot, and :func:`write` puts it into the
AnnData and records under ``uns["tissueshap"][verb]`` how it was made. The R verbs
come through here too, by reticulate, so that both hosts write the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _provenance, _schema
from tissueshap._errors import DataError, MissingSlotError, TakenSlotError

if TYPE_CHECKING:
    from anndata import AnnData

#: What HDF5 takes for one name: no path, nor a place in one.
_KEY = re.compile(r"(?!\.+$)[^/\0]+")

_RECORDED = ("tissueshap", "anndata", "numpy")
#: Groups of slots that verbs write to.
_GROUPS = ("obs", "var", "layers", "obsm", "varm")


def record(adata: AnnData) -> dict[str, Any]:
    """Return ``uns["tissueshap"]``, made when it is not there."""
    held: dict[str, Any] = adata.uns.setdefault(_schema.UNS, {})
    return held


def write(
    adata: AnnData,
    verb: str,
    found: Mapping[str, Any],
    *,
    params: Mapping[str, Any],
    seed: int | None = None,
    versions: Mapping[str, str] | Sequence[str] = (),
    sources: Mapping[str, str] | None = None,
    key_added: str | None = None,
) -> None:
    """Write what a verb found and record how, and what it was made from.

    Parameters
    ----------
    adata
        Where to write, samples x genes.
    verb
        Name of the verb, without its namespace: ``"tmm"``.
    found
        Values by slot: ``{"obs": {"lib_size": ...}, "layers": {"tmm": ...},
        "varm": {"de_fdr": ...}, "uns": {"counts": ...}}``. A layer is samples x
        genes; frames in ``varm`` and ``obsm`` have a column a class.
    params
        What the verb was called with, defaults included.
    seed
        The seed, where chance entered.
    versions
        Versions of the packages that did the work, or their names in Python.
    sources
        What :func:`begin` returned, and under ``"model"`` the model's fingerprint.
    key_added
        Replaces the verb's name in ``uns`` and goes before the other names
        (``key_added="run2"`` writes ``varm["run2_shap_rank"]``).

    Raises
    ------
    TakenSlotError
        A slot holds something that no verb wrote.
    """
    named(verb, key_added)  # checks it, also where there are no slots
    prepared = {
        (group, named(key, key_added)): _as_stored(group, key, value, adata)
        for group in _GROUPS
        for key, value in found.get(group, {}).items()
    }
    name = key_added or verb
    refuse_taken(adata, verb, prepared, name)
    origin = _provenance.made_from(adata, verb, params, sources or {})
    before = _provenance.records(adata).get(name, {})
    if name in (sources or {}):
        origin = _provenance.inherited(origin, before.get("made_from", {}), name)
    slots = {f"{group}/{key}" for group, key in prepared} | set(_listed(before))
    entry: dict[str, Any] = {
        "verb": verb,
        "params": _storable(params),
        "versions": {**_versions(_RECORDED), **_versions(versions)},
        "made_from": origin,
        "id": _provenance.identity(verb, _storable(params), seed, origin),
        "slots": _storable(slots),
    }
    if seed is not None:
        entry["seed"] = int(seed)
    entry.update(_storable(found.get("uns", {})))
    for (group, key), value in prepared.items():
        getattr(adata, group)[key] = value
    record(adata)[name] = entry


def begin(
    adata: AnnData,
    verb: str,
    *reads: str | None,
    layer: str | None = None,
    label: str | None = None,
    key_added: str | None = None,
) -> dict[str, str]:
    """Check, before a verb's work, what it reads and where it writes.

    Parameters
    ----------
    adata
        Samples x genes.
    verb
        Name of the verb, without its namespace.
    reads
        Records that it reads, where they are there; None is nothing.
    layer
        A layer that it reads; whatever made it is one more record.
    label
        The column with the classes that it uses, where the records must be of the same.
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
        A slot that the verb writes holds something that no verb wrote.
    """
    slots = [
        (group, named(key, key_added))
        for group in _GROUPS
        for key, entry in _schema.load()[group].items()
        if entry["by"] in (f"pp.{verb}", f"tl.{verb}") and key not in _schema.PREFIXES
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
    """Return the ids of what a verb reads, as :func:`begin` does, or raise a StaleError."""
    made_by = None if layer is None else owner(adata, "layers", layer)
    return _provenance.current(adata, *reads, made_by, label=label, what=what)


def refuse_taken(adata: AnnData, verb: str, slots: Iterable[tuple[str, str]], name: str) -> None:
    """Raise where slots hold something that no verb wrote, or the record is another verb's.

    What ``io`` writes is also the user's to bring, and is filled in there.
    """
    if name == "label" or (name != verb and name in _schema.load()["uns"]):
        raise TakenSlotError(
            f"key_added={name!r} is the name of another record of tissueshap: choose another one"
        )
    label = adata.uns.get(_schema.UNS, {}).get("label")
    for group, key in slots:
        if (_schema.written_by(group, key) or "").startswith("io."):
            continue
        taken = key in getattr(adata, group) and owner(adata, group, key) is None
        if taken or (group == "obs" and key == label):
            raise TakenSlotError(
                f"adata.{group}[{key!r}] is there already and was not written by tissueshap: "
                f"ts.{_schema.written_by('uns', verb) or verb} would replace it; rename or delete "
                f"it, or pass another key_added=, which goes before the names of what is written"
            )


def owner(adata: AnnData, group: str, key: str) -> str | None:
    """Return the name of the record whose verb wrote a slot, None where it is the user's."""
    for name, entry in _provenance.records(adata).items():
        if f"{group}/{key}" in _listed(entry):
            return name
        if "slots" not in entry and _written(name, group, key):
            return name
    return None


def _listed(entry: Mapping[str, Any]) -> list[str]:
    """Return the slots that a record lists, as ``group/key``."""
    return [str(slot) for slot in np.atleast_1d(entry.get("slots", ()))]


def _written(name: str, group: str, key: str) -> bool:
    """Return whether a record that lists no slots, of an earlier version, stands for one."""
    schema = _schema.load()
    verb = _schema.written_by("uns", name)
    if verb is None:  # it is a key_added, of any verb
        if not key.startswith(f"{name}_"):
            return False
        key = key.removeprefix(f"{name}_")
    by = {slot for slot, entry in schema[group].items() if verb in (None, entry["by"])}
    return key in by or any(
        prefix in by and key.startswith(f"{prefix}_") for prefix in _schema.PREFIXES
    )


def named(key: str, key_added: str | None) -> str:
    """Return a slot's name under ``key_added``, which must be a name that files can hold."""
    if key_added is not None and (not isinstance(key_added, str) or not _KEY.fullmatch(key_added)):
        raise DataError(f"key_added must be a name without / such as 'run2', not {key_added!r}")
    return key if key_added is None else f"{key_added}_{key}"


def items(adata: AnnData, group: str) -> dict[str, Any]:
    """Return what a group of slots holds, by name.

    The layers of anndata 0.13 have ``X`` among them, under the name None.
    """
    return {str(key): value for key, value in getattr(adata, group).items() if key is not None}


def require(adata: AnnData, group: str, key: str, *, key_added: str | None = None) -> Any:
    """Return a slot, or raise an error that names the verb that writes it."""
    held = getattr(adata, group)
    name = named(key, key_added)
    if name in held:
        return held[name]
    verb = _schema.written_by(group, key)
    remedy = f"run ts.{verb}(adata) first" if verb else f"there are {list(items(adata, group))}"
    raise MissingSlotError(f"adata.{group}[{name!r}] is missing: {remedy}")


def table(adata: AnnData, verb: str, name: str) -> Any:
    """Return a result of a verb from ``uns``, or raise an error that says what to run."""
    entry = adata.uns.get(_schema.UNS, {}).get(verb)
    if entry is None or name not in entry:
        by = _schema.written_by("uns", verb)
        remedy = f"run ts.{by}(adata) first" if by else f"no verb was run with key_added={verb!r}"
        raise MissingSlotError(
            f"adata.uns[{_schema.UNS!r}][{verb!r}][{name!r}] is missing: {remedy}"
        )
    return entry[name]


def class_frame(
    adata: AnnData, group: str, key: str, classes: Sequence[str], *, key_added: str | None = None
) -> pd.DataFrame:
    """Return a frame of ``varm`` or ``obsm`` with the classes' own names as columns."""
    frame: pd.DataFrame = require(adata, group, key, key_added=key_added)
    columns = {_schema.column(name): name for name in classes}
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataError(
            f"adata.{group}[{named(key, key_added)!r}] has no column for the classes "
            f"{missing[:5]}: it was made with other classes; run "
            f"ts.{_schema.written_by(group, key)}(adata) again"
        )
    return frame[list(columns)].rename(columns=columns)


def label_of(adata: AnnData, label: str | None = None) -> str:
    """Return the class column: the one given, else the one recorded before.

    Raises
    ------
    DataError
        There is none, or it has missing values.
    """
    name = label if label is not None else adata.uns.get(_schema.UNS, {}).get("label")
    if name is None:
        raise DataError("which column of adata.obs holds the classes? Pass label='...'")
    column = obs_column(adata, str(name), "label")
    if column.isna().any():
        where = list(adata.obs_names[column.isna()][:5])
        raise DataError(f"adata.obs[{name!r}] is missing for samples {where}: drop or label them")
    return str(name)


def obs_column(adata: AnnData, name: str, argument: str) -> pd.Series:
    """Return a column of ``obs`` that the user names, or say why it cannot be taken.

    Parameters
    ----------
    adata
        Samples x genes.
    name
        The column.
    argument
        Which argument names it: ``"label"``, ``"groups"``, ``"covariates"``, ``"block"``.

    Raises
    ------
    DataError
        There is no such column, there are two, or a verb writes under its name.
    """
    refuse_reserved(name, argument, "adata.obs")
    if name not in adata.obs:
        raise DataError(
            f"adata.obs has no column {name!r} for {argument}=; it has "
            f"{list(map(str, adata.obs.columns))[:20]}"
        )
    column: pd.Series = adata.obs[name]
    if column.ndim != 1:
        raise DataError(f"adata.obs has the column {name!r} twice: rename or drop one of them")
    return column


def put_donors(obs: pd.DataFrame, donors: pd.Series, name: str, where: str) -> None:
    """Put the donors, who stand in the column ``name``, where the contract has them.

    Raises
    ------
    TakenSlotError
        Something else is there.
    """
    slot = _schema.obs.donor
    if slot in obs and name != slot and not (obs[slot].astype(str) == donors.astype(str)).all():
        raise TakenSlotError(
            f"{where} has a column {slot!r} beside {name!r}, which was named as the donors': the "
            f"donors are kept under the name {slot!r}; rename or delete that column"
        )
    obs[slot] = donors.astype("category")


def refuse_reserved(name: str, argument: str, where: str) -> None:
    """Raise where a column that the user names has the name of a slot that a verb writes.

    ``"donor"`` is the donors' own name, and no class column's.
    """
    if argument != "label" and name == _schema.obs.donor:
        return
    verb = _schema.written_by("obs", name)
    if verb is not None:
        raise DataError(
            f"{argument}={name!r}: in {where} this name is reserved for what ts.{verb} writes; "
            f"give the column another name, and {argument}= that one"
        )


def label_name(adata: AnnData, label: str | None) -> str:
    """Return the class column as :func:`label_of`, and record it for later verbs."""
    name = label_of(adata, label)
    record(adata)["label"] = name
    return name


def class_names(adata: AnnData, label: str | None = None) -> list[str]:
    """Return the classes that occur, in alphabetical order."""
    name = label_of(adata, label)
    names = sorted(set(map(str, adata.obs[name].unique())))
    # Excel's trailing blanks, numbers that are text in some rows, and names of one column
    plain = {one: _schema.column(re.sub(r"\.0$", "", one.strip())) for one in names}
    occurs = Counter(plain.values())
    twice = [one for one in names if occurs[plain[one]] > 1]
    if twice:
        raise DataError(
            f"adata.obs[{name!r}] has classes that differ only by blanks, by / and | or by how a "
            f"number is written, {twice[:6]}: give each class one name"
        )
    return names


def class_codes(adata: AnnData, label: str | None = None) -> np.ndarray:
    """Return each sample's class as its position in :func:`class_names`."""
    names = class_names(adata, label)
    lookup = {name: code for code, name in enumerate(names)}
    column = adata.obs[label_of(adata, label)].astype(str)
    codes: np.ndarray = column.map(lookup).to_numpy(dtype=np.int64)
    return codes


def subset_genes(adata: AnnData, key: str = "filter_pass") -> None:
    """Keep, in place, the genes that a boolean column of ``var`` marks."""
    adata._inplace_subset_var(require(adata, "var", key).to_numpy(dtype=bool))


def _as_stored(group: str, key: str, value: Any, adata: AnnData) -> Any:
    dtype = _schema.load().get(group, {}).get(key, {}).get("dtype")
    if group in ("obsm", "varm"):
        index = adata.obs_names if group == "obsm" else adata.var_names
        if isinstance(value, pd.DataFrame):
            frame = value.rename(columns=lambda name: _schema.column(str(name)))
            return frame.set_axis(index, axis=0)
        return np.asarray(value, dtype=np.float32)
    if group == "layers":
        return np.ascontiguousarray(value, dtype=dtype or np.float32)
    column = pd.Series(value).to_numpy() if not isinstance(value, pd.Categorical) else value
    if dtype == "category":
        return pd.Categorical(column)
    return column if dtype in (None, "str") else np.asarray(column).astype(dtype)


def _storable(value: Any) -> Any:
    """Return a value as .h5ad can hold it: no None, no tuples, no paths."""
    if isinstance(value, Mapping):
        return {str(k): _storable(v) for k, v in value.items() if v is not None}
    if isinstance(value, pd.DataFrame):
        return value.reset_index(drop=True) if value.index.name is None else value
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else list(value)
        return np.asarray([_storable(item) for item in items]) if items else np.empty(0)
    if isinstance(value, np.ndarray | np.generic | bool | int | float):
        return value
    # The name of a file may have bytes that are no text.
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _versions(packages: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    if isinstance(packages, Mapping):
        return {str(name): str(number) for name, number in packages.items()}
    return {name: _version(name) for name in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        # The R package carries this one's source, which pip knows nothing of.
        from tissueshap import __version__

        return __version__ if package == "tissueshap" else "not installed"
