"""The report's section on reproducibility: settings, options and steps of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import schema, slots
from tissueshap.report._results import result
from tissueshap.report._sections import Rows, rows

if TYPE_CHECKING:
    from anndata import AnnData

#: What created the AnnData, before any verb.
_READING = ("pbmc68k", "simulate", "read_counts")


def settings(adata: AnnData) -> list[tuple[str, str, str]]:
    """Return the settings of each verb: verb, settings, seed."""
    place = {verb: number for number, verb in enumerate((*_READING, *schema.load()["uns"]))}
    records = {verb: e for verb, e in slots.record(adata).items() if isinstance(e, dict)}
    table = []
    for verb in sorted(records, key=lambda name: (place.get(name, len(place)), name)):
        params = sorted(records[verb].get("params", {}).items())
        words = ", ".join(f"{name} = {_short(value)}" for name, value in params)
        table.append((verb, words, str(records[verb].get("seed", ""))))
    return [row for row in table if row[0] != "workflow"]


def options(adata: AnnData) -> list[tuple[str, str]]:
    """Return the settings of the workflow, if any."""
    params = result(adata, "workflow", "params", {})
    return [(str(name), _short(value)) for name, value in sorted(params.items())]


def steps(adata: AnnData) -> Rows:
    """Return the steps of the workflow: their results, and the seconds they took."""
    table = result(adata, "workflow", "timings")
    return [] if table is None else rows(table)


def _short(value: Any) -> str:
    if isinstance(value, np.ndarray | list | tuple):
        items = [_short(item) for item in np.asarray(value).ravel()[:8]]
        return "[" + ", ".join(items) + (", …]" if np.size(value) > 8 else "]")
    if isinstance(value, float | np.floating):
        return f"{float(value):g}"
    return str(value)
