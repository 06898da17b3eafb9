"""Reading slots; the error for a missing one names the verb that writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core import layers, schema
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap._core.slots._names import named

if TYPE_CHECKING:
    from anndata import AnnData


def record(adata: AnnData) -> dict[str, Any]:
    """Return ``uns["tissueshap"]``, created if it is missing."""
    records: dict[str, Any] = adata.uns.setdefault(schema.UNS, {})
    return records


def items(adata: AnnData, group: str) -> dict[str, Any]:
    """Return the values of a group of slots, by name.

    The layers of anndata 0.13 include ``X``, under the name None.
    """
    return {str(key): value for key, value in getattr(adata, group).items() if key is not None}


def require(adata: AnnData, group: str, key: str, *, key_added: str | None = None) -> Any:
    """Return a slot, or raise an error that names the verb that writes it."""
    values = getattr(adata, group)
    name = named(key, key_added)
    if group == "layers" and (layer := layers.find(adata, name)) is not None:
        return layer
    if name in values:
        return values[name]
    verb = schema.written_by(group, key)
    remedy = f"run ts.{verb}(adata) first" if verb else f"there are {list(items(adata, group))}"
    raise missing_slot(f"{group}[{name!r}]", remedy)


def input_layer(adata: AnnData, layer: str | None = None) -> str:
    """Return a classifier's input: ``layer``, or what the classifier here was trained on."""
    trained = adata.uns.get(schema.UNS, {}).get("cnn", {}).get("params", {})
    return layer if layer is not None else str(trained.get("layer", schema.layers.log2))


def missing_slot(slot: str, remedy: str) -> MissingSlotError:
    """Return the error for a missing slot: ``obsm['proba']``, and what to do."""
    return MissingSlotError(f"adata.{slot} is missing: {remedy}")


def table(adata: AnnData, verb: str, name: str) -> Any:
    """Return a result of a verb from ``uns``, or raise an error that says what to run."""
    entry = adata.uns.get(schema.UNS, {}).get(verb)
    if entry is None or name not in entry:
        by = schema.written_by("uns", verb)
        remedy = f"run ts.{by}(adata) first" if by else f"no verb was run with key_added={verb!r}"
        raise missing_slot(f"uns[{schema.UNS!r}][{verb!r}][{name!r}]", remedy)
    return entry[name]


def class_frame(
    adata: AnnData, group: str, key: str, classes: Sequence[str], *, key_added: str | None = None
) -> pd.DataFrame:
    """Return a frame of ``varm`` or ``obsm`` with the classes' own names as columns."""
    frame: pd.DataFrame = require(adata, group, key, key_added=key_added)
    columns = schema.columns_in(classes, frame.columns)
    missing = [name for name in classes if name not in columns]
    if missing:
        raise DataError(
            f"adata.{group}[{named(key, key_added)!r}] has no column for the classes "
            f"{missing[:5]}: it was made with other classes; run "
            f"ts.{schema.written_by(group, key)}(adata) again"
        )
    return frame[[columns[name] for name in classes]].set_axis(list(classes), axis=1)
