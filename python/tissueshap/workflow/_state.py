"""What a step has changed, to be written, and to be put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import sparse

from tissueshap._core import schema, slots
from tissueshap._core.checkpoints import digest

if TYPE_CHECKING:
    from anndata import AnnData

#: Where a value is in an AnnData: ``("obs", "split")``, ``("uns", "tissueshap", "tmm")``.
Key = tuple[str, ...]

_FRAMES = ("obs", "var")
_ALIGNED = ("layers", "obsm", "varm", "obsp", "varp")
#: Axis of the names that a group's frames have.
_NAMES = {"obsm": "obs_names", "varm": "var_names"}
#: Values that are compared in blocks of so many rows.
_ROWS = 1024


@dataclass(frozen=True)
class Snapshot:
    """The values of an AnnData at one time, not copied.

    Attributes
    ----------
    obs_names, var_names
        Names of the samples and genes.
    values
        All values, by place. Matrices are new objects if they change.
    digests
        Of the values that can change in place: columns, and what is in ``uns``.
    """

    obs_names: pd.Index
    var_names: pd.Index
    values: dict[Key, Any]
    digests: dict[Key, str]

    @classmethod
    def of(cls, adata: AnnData) -> Snapshot:
        """Return the current values."""
        values = dict(_values(adata))
        small = {key: value for key, value in values.items() if key[0] in (*_FRAMES, "uns")}
        digests = {key: digest(_packed(key, value)) for key, value in small.items()}
        return cls(adata.obs_names, adata.var_names, values, digests)


def changes(before: Snapshot | None, adata: AnnData) -> tuple[dict[str, Any], Snapshot]:
    """Return what has changed since a snapshot, all if there is none; and the new snapshot.

    Raises
    ------
    TypeError
        A value cannot be kept in a checkpoint.
    """
    now = Snapshot.of(adata)
    rows, columns = _part(before, now, "obs_names"), _part(before, now, "var_names")
    if before is None or isinstance(rows, pd.Index) or isinstance(columns, pd.Index):
        before = None
        rows, columns = now.obs_names, now.var_names
    changed = {
        key: _packed(key, value)
        for key, value in now.values.items()
        if before is None or not _same(key, before, now, rows, columns)
    }
    found = {"rows": rows, "columns": columns, "set": changed, "keys": list(now.values)}
    return found, now


def applied(found: Mapping[str, Any], adata: AnnData | None) -> AnnData:
    """Return the AnnData with some changes, in place if there is one."""
    import anndata

    rows, columns = found["rows"], found["columns"]
    if isinstance(rows, pd.Index) or adata is None:
        adata = anndata.AnnData(obs=pd.DataFrame(index=rows), var=pd.DataFrame(index=columns))
    else:
        if rows is not None:
            adata._inplace_subset_obs(rows)
        if columns is not None:
            adata._inplace_subset_var(columns)
    _drop(adata, set(found["keys"]))
    for key, value in found["set"].items():
        _put(adata, key, _unpacked(key, value, adata))
    _in_order(adata, found["keys"])
    return adata


def dropped(adata: AnnData, keys: set[Key]) -> None:
    """Delete the values at some places, in place."""
    _drop(adata, {key for key, _ in _values(adata)} - keys)


def _values(adata: AnnData) -> Any:
    """Yield the place of each value, and the value."""
    for group in _FRAMES:
        frame = getattr(adata, group)
        yield from (((group, str(name)), frame[name]) for name in frame.columns)
    if adata.X is not None:
        yield ("X",), adata.X
    for group in _ALIGNED:
        yield from (((group, name), value) for name, value in slots.items(adata, group).items())
    if adata.raw is not None:
        yield ("raw",), adata.raw
    for name, value in adata.uns.items():
        if name == schema.UNS and isinstance(value, Mapping):
            yield from ((("uns", schema.UNS, str(key)), entry) for key, entry in value.items())
        else:
            yield ("uns", str(name)), value


def _part(before: Snapshot | None, now: Snapshot, axis: str) -> Any:
    """Return a mask of the samples or genes that are left, None if all, or all their names."""
    names = getattr(now, axis)
    if before is None:
        return names
    earlier = getattr(before, axis)
    if earlier.equals(names) and earlier.name == names.name:
        return None
    mask = earlier.isin(names)
    return mask if earlier[mask].equals(names) else names


def _same(key: Key, before: Snapshot, now: Snapshot, rows: Any, columns: Any) -> bool:
    """Return whether a value is what it was, apart from samples and genes that were dropped."""
    if key not in before.values:
        return False
    earlier, value = before.values[key], now.values[key]
    if key in now.digests:
        axis = rows if key[0] == "obs" else columns if key[0] == "var" else None
        if axis is None:
            return before.digests[key] == now.digests[key]
        return digest(_packed(key, earlier[axis])) == now.digests[key]
    if earlier is value:
        return True
    if rows is None and columns is None:
        return False
    return key[0] in ("X", "layers") and _equal(earlier, value, rows, columns)


def _equal(earlier: Any, value: Any, rows: Any, columns: Any) -> bool:
    """Return whether a matrix is a part of an earlier one."""
    if type(earlier) is not type(value) or earlier.dtype != value.dtype:
        return False
    places = np.arange(earlier.shape[0]) if rows is None else np.flatnonzero(rows)
    keep = slice(None) if columns is None else columns
    for start in range(0, value.shape[0], _ROWS):
        one, other = earlier[places[start : start + _ROWS]][:, keep], value[start : start + _ROWS]
        if sparse.issparse(one):
            if (one != other).nnz:
                return False
        elif not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            return False
    return True


def _packed(key: Key, value: Any) -> Any:
    """Return a value as it is kept: without the names of samples or genes."""
    group = key[0]
    if group in _FRAMES:
        return value.to_numpy() if isinstance(value.dtype, np.dtype) else value.array
    if group in _NAMES and isinstance(value, pd.DataFrame):
        return value.set_axis(pd.RangeIndex(len(value)), axis=0)
    if group == "raw":
        return {"X": value.X, "var": value.var, "varm": dict(value.varm)}
    return value


def _unpacked(key: Key, value: Any, adata: AnnData) -> Any:
    if key[0] in _NAMES and isinstance(value, pd.DataFrame):
        return value.set_axis(getattr(adata, _NAMES[key[0]]), axis=0)
    if key[0] == "raw":
        import anndata

        obs = pd.DataFrame(index=adata.obs_names)
        return anndata.AnnData(value["X"], obs=obs, var=value["var"], varm=value["varm"])
    return value


def _put(adata: AnnData, key: Key, value: Any) -> None:
    if len(key) == 1:
        setattr(adata, key[0], value)
    elif len(key) == 2:
        getattr(adata, key[0])[key[1]] = value
    else:
        slots.record(adata)[key[2]] = value


def _drop(adata: AnnData, keys: set[Key]) -> None:
    """Delete the values that are not at one of some places."""
    for key in [key for key, _ in _values(adata) if key not in keys]:
        if len(key) == 1:
            setattr(adata, key[0], None)
        elif len(key) == 2:
            del getattr(adata, key[0])[key[1]]
        else:
            del slots.record(adata)[key[2]]


def _in_order(adata: AnnData, keys: list[Key]) -> None:
    """Put columns and records into their order."""
    for group in _FRAMES:
        names = [key[1] for key in keys if key[0] == group]
        if list(getattr(adata, group).columns) != names:
            setattr(adata, group, getattr(adata, group)[names])
    records = slots.record(adata) if schema.UNS in adata.uns else {}
    for name in [key[2] for key in keys if len(key) == 3]:
        records[name] = records.pop(name)
