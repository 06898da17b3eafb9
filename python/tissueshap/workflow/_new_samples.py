"""The samples that a model is applied to, in the form that it needs, and their known classes."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap import io
from tissueshap._core import schema, slots
from tissueshap._core.counts import counts_of, matrix_at, named_place
from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.evaluation import matches
from tissueshap.io import orientation, strip_version, without_results
from tissueshap.workflow._inputs import log_layer, round_counts

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier
    from tissueshap.workflow._choices import Values
    from tissueshap.workflow._request import Request


def check_kind(model: Classifier, values: Values) -> None:
    """Refuse raw counts for a model that does not say how to prepare them."""
    if values == "log" or model.takes_counts():
        return
    if model.preparation is None:
        raise DataError(
            "the model does not say how counts are prepared (it is of an earlier version, or was "
            "trained on plain arrays): train it again with this version, or pass values that were "
            "prepared like its training data, with --values log (values='log')"
        )
    raise DataError(
        "the model was trained on log-transformed values, not on counts: pass values that were "
        "prepared like its training data, with --values log (values='log')"
    )


def new_samples(request: Request, model: Classifier) -> AnnData:
    """Return new samples with raw counts in ``X``, or values in the layer that a model reads."""
    counts, orient = request.counts, request.orient
    if isinstance(counts, Path):
        if orient == "auto" and request.samples is None:
            orient = orientation(counts, _identifiers(model))
        adata = io.read_counts(
            counts,
            request.samples,
            annotation=request.annotation,
            values=request.values,
            orient=orient,
            layer=request.layer,
            check_scale=request.check_scale,
        )
    else:
        adata = _copied(counts, model, request)
        if request.annotation is not None:
            io.annotate_genes(adata, request.annotation)
    if not adata.n_obs:
        raise DataError("there are no samples: pass counts of at least one sample")
    return adata if request.values != "log" else _aligned(adata, model, request.min_overlap)


def _identifiers(model: Classifier) -> set[str]:
    """Return all identifiers of a model's genes, Ensembl's without version."""
    known = model.preparation
    names = model.genes if known is None else known.genes.astype(str).to_numpy().ravel()
    return {strip_version(name) for name in names} - {""}


def _copied(adata: AnnData, model: Classifier, request: Request) -> AnnData:
    """Return a copy of an AnnData, with counts in ``X``, without the results of earlier verbs."""
    import anndata

    values, check_scale = request.values, request.check_scale
    if values == "log":
        matrix = matrix_at(adata, named_place(adata, request.layer or "X"))
        var = without_results(adata, "var")
    else:
        default = str(model.recipe.get("counts", "X"))
        found = counts_of(adata, request.layer, default=default, every_gene=True)
        matrix = found.values
        var = found.var if found.place == "raw" else without_results(adata, "var")
    copy = anndata.AnnData(
        None if matrix is None else matrix.copy(), obs=without_results(adata, "obs"), var=var
    )
    if values == "log":
        key = schema.layers.log2
        if key in adata.layers and request.layer is None:
            copy.layers[key] = adata.layers[key]
        log_layer(copy, check_scale=check_scale)
    if values == "estimated":
        round_counts(copy)
    return copy


def _aligned(adata: AnnData, model: Classifier, min_overlap: float) -> AnnData:
    """Return log-transformed values of the model's genes, in its layer."""
    import anndata

    values = adata.layers[schema.layers.log2]
    layer, preparation = model.layer, model.preparation
    if preparation is None:
        if layer != schema.layers.log2:
            adata.layers[layer] = values
        return adata
    matched = preparation.match(adata, min_overlap=min_overlap)
    aligned = np.concatenate([preparation.of_values(block, matched) for _, block in blocks(values)])
    known = preparation.genes.set_index("gene").rename_axis(None)
    return anndata.AnnData(obs=adata.obs, var=known, layers={layer: aligned})


def true_classes(
    adata: AnnData, label: str, classes: list[str], class_map: Mapping[str, str] | None
) -> pd.DataFrame:
    """Return the known class of each sample: its own name, and the model's class of that name.

    Parameters
    ----------
    adata
        The samples.
    label
        Column of ``obs``; cells may be empty.
    classes
        Of the model.
    class_map
        The model's class for each name that is not a class of the model.

    Warns
    -----
    DataWarning
        Names are not classes of the model, or the map has names that do not occur.
    """
    column = slots.obs_column(adata, schema.plain_name(label), "label")
    own = column.astype(object).where(column.notna(), "").map(str)
    names = sorted(set(own) - {""})
    try:
        matched = matches(names, classes, class_map)
    except DataError as error:
        if class_map and set(class_map.values()) - set(classes):
            raise DataError(f"--class-map: {error}") from error
        matched = {}  # samples of other classes only
    _report_unknown(label, [name for name in names if name not in matched], classes)
    lost = sorted(set(class_map or {}) - set(names))
    if lost:
        _warn(f"--class-map names classes that no sample has: {lost[:5]}; there are {names[:5]}")
    return pd.DataFrame({"true_class": own, "model_class": own.map(matched).fillna("")})


def _report_unknown(label: str, unknown: list[str], classes: list[str]) -> None:
    if not unknown:
        return
    lower = {name.lower(): name for name in classes}
    shown = []
    for name in unknown[:5]:
        near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
        shown.append(f"{name!r} (similar: {lower[near[0]]!r})" if near else repr(name))
    _warn(
        f"the column {label!r} has classes that the model does not know ({len(unknown):,}): "
        f"{', '.join(shown)}; their samples are predicted, but not counted as right or wrong. If "
        "only the names differ, pass --class-map FILE (class_map=), with the model's names next to "
        "yours"
    )


def _warn(words: str) -> None:
    warnings.warn(words, DataWarning, stacklevel=4)
