"""Reading and writing the slots of the contract: the one writer of both languages.

A verb hands over what it found, grouped by slot, and :func:`write` puts it into the
AnnData and records under ``uns["tissueshap"][verb]`` how it was made. The R verbs
come through here too, by reticulate, so that both hosts write the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema
from tissueshap._errors import DataError, MissingSlotError

if TYPE_CHECKING:
    from anndata import AnnData

_RECORDED = ("tissueshap", "anndata", "numpy")


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
    key_added: str | None = None,
) -> None:
    """Write what a verb found and record how.

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
    key_added
        Replaces the verb's name in ``uns`` and goes before the other names
        (``key_added="run2"`` writes ``varm["run2_shap_rank"]``).
    """
    prepared = {
        (group, named(key, key_added)): _as_stored(group, key, value, adata)
        for group in ("obs", "var", "layers", "obsm", "varm")
        for key, value in found.get(group, {}).items()
    }
    entry: dict[str, Any] = {
        "params": _storable(params),
        "versions": {**_versions(_RECORDED), **_versions(versions)},
    }
    if seed is not None:
        entry["seed"] = int(seed)
    entry.update(_storable(found.get("uns", {})))
    for (group, key), value in prepared.items():
        getattr(adata, group)[key] = value
    record(adata)[key_added or verb] = entry


def named(key: str, key_added: str | None) -> str:
    """Return a slot's name under ``key_added``."""
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
    if name not in adata.obs:
        raise DataError(
            f"adata.obs has no column {name!r}; it has {list(map(str, adata.obs.columns))[:20]}"
        )
    if adata.obs[name].isna().any():
        where = list(adata.obs_names[adata.obs[name].isna()][:5])
        raise DataError(f"adata.obs[{name!r}] is missing for samples {where}: drop or label them")
    return str(name)


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
        return np.asarray(items) if items else np.empty(0)
    if isinstance(value, np.ndarray | np.generic | bool | int | float | str):
        return value
    return str(value)


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
