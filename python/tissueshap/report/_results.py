"""Reading the results of verbs that may not have been run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core import slots
from tissueshap._core.held_out import held_out

if TYPE_CHECKING:
    from anndata import AnnData


def result(adata: AnnData, verb: str, name: str, default: Any = None) -> Any:
    """Return a result of a verb, or ``default`` if the verb has not been run."""
    return slots.record(adata).get(verb, {}).get(name, default)


def ran(adata: AnnData, verb: str) -> bool:
    """Return whether a verb has left a record."""
    return verb in slots.record(adata)


def number(adata: AnnData, verb: str, name: str) -> float | None:
    """Return a number from a verb's results as a Python float, or None."""
    value = result(adata, verb, name)
    return None if value is None else float(value)


def text(values: Any) -> pd.Series[str]:
    """Return values as strings, whatever the column's type was on disk."""
    return pd.Series(values).astype(str).reset_index(drop=True)


def is_test(adata: AnnData) -> pd.Series[bool]:
    """Return which samples were held out."""
    return pd.Series(held_out(adata), index=adata.obs_names)
