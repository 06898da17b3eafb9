"""Attributions that were computed elsewhere, as values of samples or scores of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap.adapters._model import Model

if TYPE_CHECKING:
    from anndata import AnnData

_FORMS = (
    "samples x genes (x classes), a data frame of genes x classes or of samples x genes, the name "
    "of a layer, a shap.Explanation, or {class: [genes, the most important first]}"
)


@dataclass(frozen=True)
class Attributions:
    """Values of samples, or scores of classes.

    Attributes
    ----------
    rows
        Positions of the samples in the AnnData.
    values
        Samples x the model's genes (x classes); None if there are only scores.
    base
        What each sample's values add up from, samples (x classes); None if unknown.
    scores
        The model's genes x classes, NaN for genes that are not ranked; None if there are
        values.
    """

    rows: np.ndarray
    values: np.ndarray | None = None
    base: np.ndarray | None = None
    scores: np.ndarray | None = None

    def of(self, targets: np.ndarray) -> np.ndarray:
        """Return each sample's values for its class, samples x genes."""
        values = np.asarray(self.values, dtype=np.float32)
        return values if values.ndim == 2 else values[np.arange(len(values)), :, targets]

    def base_of(self, targets: np.ndarray) -> np.ndarray | None:
        """Return what each sample's values for its class add up from, or None."""
        if self.base is None or self.base.ndim == 1:
            return self.base
        return np.asarray(self.base[np.arange(len(self.base)), targets])


def attributions(adata: AnnData, given: Any, model: Model, columns: np.ndarray) -> Attributions:
    """Return attributions in any of their forms, for the model's genes in its order.

    Parameters
    ----------
    adata
        Samples x genes.
    given
        Samples x genes (x classes) for all samples or for the held-out ones in their order;
        a data frame with samples or genes as its index; a layer's name; a
        ``shap.Explanation``; a list of arrays, one per class; a tensor; or each class's
        genes in order.
    model
        Its genes and classes.
    columns
        Positions of its genes in `adata`.

    Raises
    ------
    DataError
        The form is unknown, or a shape or a name does not fit.
    """
    if isinstance(given, str):
        layer = slots.require(adata, "layers", given)
        return _of_samples(dense(layer[:])[:, columns], None, adata, model, columns)
    if isinstance(given, Mapping):
        return _of_lists(given, model)
    if isinstance(given, pd.DataFrame):
        return _of_frame(given, adata, model, columns)
    base = getattr(given, "base_values", None)
    values = getattr(given, "values", given) if base is not None else given
    if isinstance(values, Sequence) and all(np.ndim(_array(part)) == 2 for part in values):
        values = np.stack([_array(part) for part in values], axis=2)
    array = _array(values)
    if array.shape == (len(model.genes), len(model.classes)) and adata.n_obs != len(model.genes):
        return _of_scores(array)
    return _of_samples(array, base, adata, model, columns)


def _array(values: Any) -> np.ndarray:
    """Return an array; a tensor of PyTorch is taken off its graph and its device."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"attributions must be {_FORMS}") from error


def _of_samples(
    array: np.ndarray, base: Any, adata: AnnData, model: Model, columns: np.ndarray
) -> Attributions:
    if array.ndim not in (2, 3):
        raise DataError(f"attributions have {array.ndim} dimension(s): pass {_FORMS}")
    if array.shape[1] != len(model.genes):
        if array.shape[1] != adata.n_vars:
            raise DataError(
                f"attributions are of {array.shape[1]} genes, but the model has "
                f"{len(model.genes)} and adata {adata.n_vars}"
            )
        array = array[:, columns]
    if array.ndim == 3 and array.shape[2] != len(model.classes):
        raise DataError(
            f"attributions are of {array.shape[2]} classes, but the model has {len(model.classes)}"
        )
    rows = _rows(array.shape[0], adata)
    known = ~np.isnan(array).reshape(len(array), -1).any(axis=1)
    if not known.any():
        raise DataError("attributions: each sample has missing values")
    if base is not None:
        base = np.asarray(base, dtype=np.float64)
        shape = (len(array), *array.shape[2:])
        # One base value for all samples, or one per class.
        base = np.broadcast_to(base, shape)[known]
    return Attributions(rows[known], array[known], base)


def _rows(n_rows: int, adata: AnnData) -> np.ndarray:
    if n_rows == adata.n_obs:
        return np.arange(n_rows)
    test = np.flatnonzero(np.asarray(slots.require(adata, "obs", "split")).astype(str) == "test")
    if n_rows == test.size:
        return test
    raise DataError(
        f"attributions are of {n_rows} samples, but adata has {adata.n_obs}, of which {test.size} "
        "are held out: pass a data frame with the samples' names as its index"
    )


def _of_frame(
    frame: pd.DataFrame, adata: AnnData, model: Model, columns: np.ndarray
) -> Attributions:
    index, named = frame.index.astype(str), frame.columns.astype(str)
    if set(map(str.lower, named)) >= {"class", "gene"}:
        by_class = frame.rename(columns=str.lower)
        if "rank" in by_class:
            by_class = by_class.sort_values("rank", kind="stable")
        parts = by_class.groupby(by_class["class"].astype(str), sort=False)["gene"]
        return _of_lists({str(name): list(part) for name, part in parts}, model)
    if index.isin(adata.obs_names).all():
        rows = adata.obs_names.get_indexer(index)
        missing = [gene for gene in model.genes if gene not in set(named)]
        if missing:
            raise DataError(f"attributions lack {len(missing)} genes of the model: {missing[:5]}")
        values = frame.set_axis(named, axis=1)[model.genes].to_numpy(dtype=np.float64)
        known = ~np.isnan(values).any(axis=1)
        return Attributions(rows[known], values[known])
    if index.isin(model.genes).any() and set(model.classes) & set(named):
        scores = frame.set_axis(index).set_axis(named, axis=1)
        if scores.index.has_duplicates:
            raise DataError("attributions name a gene more than once")
        aligned = scores.reindex(index=model.genes, columns=model.classes)
        return _of_scores(aligned.to_numpy(dtype=np.float64))
    raise DataError(
        f"attributions have the index {list(index[:3])} and the columns {list(named[:3])}: the "
        "index must name samples (and the columns genes) or genes (and the columns classes)"
    )


def _of_lists(lists: Mapping[str, Sequence[str]], model: Model) -> Attributions:
    """Return scores that fall along each class's list; other genes have none."""
    place = {gene: number for number, gene in enumerate(model.genes)}
    scores = np.full((len(model.genes), len(model.classes)), np.nan)
    for name, genes in lists.items():
        if str(name) not in model.classes:
            raise DataError(
                f"attributions name the class {name!r}, which is not among {model.classes[:5]}"
            )
        code = model.classes.index(str(name))
        for rank, gene in enumerate(dict.fromkeys(map(str, genes))):
            if gene in place:
                scores[place[gene], code] = -float(rank)
    return _of_scores(scores)


def _of_scores(scores: np.ndarray) -> Attributions:
    if np.isnan(scores).all():
        raise DataError("attributions: no gene of the model is ranked for any of its classes")
    return Attributions(np.arange(0), scores=scores)
