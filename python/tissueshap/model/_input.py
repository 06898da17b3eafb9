"""A model's input from an AnnData: the columns of its genes, values on its scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import layers, schema, slots
from tissueshap._core.counts import Counts, check_counts, counts_of
from tissueshap._core.errors import DataError
from tissueshap._core.genes_in_use import not_marked
from tissueshap._core.options import wrong_type
from tissueshap._core.scale import check_measured, made
from tissueshap.model._classifier import Classifier

if TYPE_CHECKING:
    from anndata import AnnData


def check_model(model: Any) -> None:
    """Raise a :class:`DataError` unless this is a classifier."""
    if not isinstance(model, Classifier):
        raise wrong_type("model", model, "a classifier of ts.tl.cnn or ts.model.load(folder)")


def counts_for(adata: AnnData, model: Classifier, layer: str, counts: str | None) -> Counts | None:
    """Return the raw counts to prepare for a model, or None if its input is in a layer.

    Parameters
    ----------
    adata
        Samples x genes.
    model
        The classifier.
    layer
        Its input.
    counts
        Where the counts are, as the user says; then they are used even if there is a layer.
    """
    check_model(model)
    if not model.takes_counts(layer):
        if counts is not None:
            raise DataError(
                f"counts={counts!r}: the model was trained on values whose preparation from counts "
                f"is not recorded; pass values on their scale as layer="
            )
        return None
    if counts is None and layers.has(adata, layer):
        return None
    default = str(model.recipe.get("counts", "X"))
    found = counts_of(adata, counts, default=default, option="counts", every_gene=True)
    check_counts(found)
    return found


def input_values(adata: AnnData, model: Classifier, layer: str) -> Any:
    """Return the layer with a model's input, or raise an error that says what it must hold."""
    if layers.has(adata, layer) or layer.endswith(schema.layers.log2):
        return slots.require(adata, "layers", layer)
    known = list(slots.items(adata, "layers"))
    raise slots.missing_slot(
        f"layers[{layer!r}]",
        f"values as the model was trained on must be there (layers[{model.layer!r}]); there are "
        f"{known}: pass layer= one of these",
    )


def columns_of(adata: AnnData, model: Classifier, *, fill: float | None = None) -> np.ndarray:
    """Return the positions of the model's genes in ``adata``, -1 for those to be filled."""
    check_model(model)
    lowest = f"{model.scale.floor:.3g}" if model.scale else ""
    return gene_columns(adata, model.genes, fill=fill, lowest=lowest)


def gene_columns(
    adata: AnnData, genes: Sequence[str], *, fill: float | None = None, lowest: str = ""
) -> np.ndarray:
    """Return the positions of a model's genes in ``adata``, -1 for those to be filled.

    Parameters
    ----------
    adata
        Samples x genes.
    genes
        The model's.
    fill
        The value of genes that are missing; None refuses them.
    lowest
        The lowest value of the training data, for the message.
    """
    names = pd.Index(map(str, adata.var_names))
    columns = names.get_indexer(pd.Index(genes))
    missing = np.flatnonzero(columns < 0)
    hidden = not_marked(genes[int(place)] for place in missing)
    if hidden and fill is None:
        raise DataError(
            f"{len(hidden)} of the model's {len(genes)} genes are in adata, but ts.pp.filter_genes "
            f"has not marked them, so they are not used: {hidden[:5]}; mark them, "
            "adata.var.loc[genes, 'filter_pass'] = True, and run again what was made of the "
            "marked genes (ts.pp.tmm first)"
        )
    if missing.size == columns.size:
        raise DataError(
            f"adata has none of the model's {columns.size} genes: the model has "
            f"{list(genes[:3])}, adata.var_names has {list(names[:3])}; use the same "
            "identifiers"
        )
    if missing.size and fill is None:
        first = [genes[place] for place in missing[:5]]
        raise DataError(
            f"{missing.size} of the model's {len(genes)} genes are missing from adata: "
            f"{first}; add them, or pass fill={lowest} to treat them as not expressed"
        )
    return np.asarray(columns)


def check_input(
    adata: AnnData, model: Classifier, columns: np.ndarray, *, layer: str, refuse: bool = True
) -> None:
    """Compare a layer with the model's training data.

    Parameters
    ----------
    adata
        Samples x genes.
    model
        The classifier.
    columns
        Positions of its genes, from :func:`columns_of`.
    layer
        Its input.
    refuse
        False only warns of values on another scale.

    Raises
    ------
    DataError
        As for :func:`predict`.
    """
    values, where = slots.require(adata, "layers", layer), layers.place_of(adata, layer)
    present = columns[columns >= 0]
    check_measured(
        values,
        present,
        samples=adata.obs_names,
        genes=adata.var_names[present],
        where=where,
        refuse=refuse,
    )
    if model.scale is not None:
        model.scale.check(
            values,
            columns,
            samples=adata.obs_names,
            where=where,
            made=made(adata, layer),
            refuse=refuse,
        )
