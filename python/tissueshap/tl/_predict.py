"""``tl.predict``: apply a classifier."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import blocks
from tissueshap._core.options import check_number
from tissueshap.calibration import VERDICTS, Judged
from tissueshap.model import (
    MIN_OVERLAP,
    Classifier,
    backend,
    check_input,
    check_model,
    columns_of,
    counts_for,
    input_values,
    of_model,
    prepare,
    trained_here,
)

if TYPE_CHECKING:
    from anndata import AnnData


def predict(
    adata: AnnData,
    model: Classifier,
    *,
    layer: str | None = None,
    counts: str | None = None,
    fill: float | None = None,
    min_overlap: float = MIN_OVERLAP,
    check_scale: bool = True,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Apply a classifier to all samples, from its input or from raw counts.

    Without the layer, raw counts are prepared as the training samples were, with
    what the model carries: genes are found by any identifier that both have (Ensembl with or
    without version, symbol, Entrez), each sample is normalised by the model's own reference
    alone, so that it does not matter which samples come with it, and genes that the data
    lack have their training median. With the layer, its values are compared with those that
    the model was trained on, and genes are aligned by name: a logarithm with another base,
    without the shift, or of other units would give confident but wrong classes.

    Parameters
    ----------
    adata
        Samples x genes: the training cohort or a new one. Reads the layer that the classifier
        was trained on or, if it has none, raw counts.
    model
        The classifier. After ``tl.calibrate`` its probabilities are calibrated, and it says
        which samples it cannot judge.
    layer
        The classifier's input; by default the layer that it was trained on.
    counts
        Layer with raw counts to prepare, ``"raw"`` for all genes of ``adata.raw``, or ``"X"``,
        even if the classifier's input is there. By default they are looked for where an earlier
        verb found them, then where those of the training samples were, then in ``X``.
    fill
        Value, on the layer's scale, of the model's genes that the layer lacks:
        ``model.scale.floor`` is a gene that is not expressed. By default missing genes are an
        error.
    min_overlap
        Share of the model's genes that raw counts must have.
    check_scale
        Refuse values that are clearly on another scale than the training data, and samples
        in which nothing was measured; False only warns of them.
    key_added
        Name of the record instead of ``"predict"``, and prefix of what is written.
    %(copy)s

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``obs["predicted"]`` (the class of the
    highest probability), ``obs["confidence"]`` (that probability, float32),
    ``obsm["proba"]`` (samples x classes) and the record ``uns["tissueshap"]["predict"]``:
    ``n_filled`` (the model's genes that the data lack), ``overlap`` (share of its genes that
    they have) and ``matched_by``. A calibrated model also writes ``obs["prediction_set"]``
    (classes that hold the sample's own with a probability of 95 %), ``obs["novelty"]``
    (distance from the nearest class in the last hidden layer), ``obs["novelty_pvalue"]``,
    ``obs["nearest_class"]``, ``obs["second_class"]`` (whose mixture with the nearest class is
    closest to the sample), ``obs["mixture_pvalue"]`` (share of samples of known classes that
    such a mixture is as much closer to than their nearest class),
    ``obsm["X_classes"]`` (samples x 2: a map of the classes in that layer) and
    ``obs["verdict"]``. A sample that a mixture of two classes is closer to, by more than for
    95 % of samples of known classes, is ``"ambiguous"``. Any other sample that lies further
    from every class than 95 % of them is ``"unfamiliar"``. The rest are ``"known"`` if their
    set has one class, and ``"ambiguous"`` if it has several or none.

    Raises
    ------
    DataError
        Genes of the model are missing, names of genes or samples are not unique, a value is
        missing or infinite, or the values are on another scale than the model's.

    Warns
    -----
    DataWarning
        The values, or those of some samples, may be on another scale.

    Examples
    --------
    >>> ts.tl.predict(adata, model)
    >>> adata.obsm["proba"].columns.tolist()
    ['Heart', 'Liver', 'Lung']
    >>> bool((adata.obs["confidence"] == adata.obsm["proba"].max(axis=1)).all())
    True
    """
    adata = target(adata, copy=copy)
    check_number("min_overlap", min_overlap, low=0, high=1)
    check_model(model)
    layer = model.layer if layer is None else layer
    raw = counts_for(adata, model, layer, counts)
    if raw is not None:
        prepared = prepare(raw, model, min_overlap=min_overlap)
        parts, facts = prepared.blocks(refuse=check_scale), prepared.facts()
    else:
        parts, facts = _stored(adata, model, layer, fill, refuse=check_scale)
    used = None if raw is not None else layer
    sources = of_model(adata, model, "predict", layer=used, key_added=key_added)
    slots.write(
        adata,
        "predict",
        {
            **_results(model, parts),
            "uns": {
                "classes": model.classes,
                **facts,
                "trained_on": trained_here(adata, model),
            },
        },
        params={
            "layer": layer if raw is None else raw.place,
            "fill": fill,
            "min_overlap": min_overlap,
            "check_scale": check_scale,
            "preset": model.preset,
        },
        versions=("keras", backend()),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _stored(
    adata: AnnData, model: Classifier, layer: str, fill: float | None, *, refuse: bool
) -> tuple[Iterator[np.ndarray], dict[str, Any]]:
    """Return the model's input from a layer in blocks, and facts for the record."""
    values = input_values(adata, model, layer)
    columns = columns_of(adata, model, fill=fill)
    check_input(adata, model, columns, layer=layer, refuse=refuse)
    parts = (_aligned(block, columns, fill) for _, block in blocks(values))
    n_filled = int((columns < 0).sum())
    return parts, {"n_filled": n_filled, "overlap": 1 - n_filled / columns.size}


def _results(model: Classifier, parts: Iterator[np.ndarray]) -> dict[str, Any]:
    """Return the slots of the predictions."""
    if model.calibration is None:
        found = [model.predict_proba(part) for part in parts]
        return _classes(model, np.concatenate(found) if found else _no_rows(model))
    judged = [model.judge(part) for part in parts]
    if not judged:
        return _classes(model, _no_rows(model))
    whole = Judged.joined(judged)
    slots_of = _classes(model, whole.probabilities)
    names = np.array(model.classes, dtype=object)
    slots_of["obs"] |= {
        schema.obs.prediction_set: np.array(
            ["; ".join(names[members]) for members in whole.sets], dtype=object
        ),
        schema.obs.novelty: whole.distance,
        schema.obs.novelty_pvalue: whole.pvalue,
        schema.obs.nearest_class: pd.Categorical.from_codes(
            whole.nearest, categories=pd.Index(model.classes)
        ),
        schema.obs.second_class: pd.Categorical.from_codes(
            whole.second, categories=pd.Index(model.classes)
        ),
        schema.obs.mixture_pvalue: whole.mixture_pvalue,
        schema.obs.verdict: pd.Categorical(whole.verdicts, categories=list(VERDICTS)),
    }
    slots_of["obsm"][schema.obsm.X_classes] = whole.position
    return slots_of


def _no_rows(model: Classifier) -> np.ndarray:
    return np.empty((0, len(model.classes)), np.float32)


def _classes(model: Classifier, proba: np.ndarray) -> dict[str, Any]:
    best = proba.argmax(axis=1)
    return {
        "obs": {
            schema.obs.predicted: pd.Categorical.from_codes(
                best, categories=pd.Index(model.classes)
            ),
            schema.obs.confidence: proba[np.arange(len(best)), best],
        },
        "obsm": {schema.obsm.proba: pd.DataFrame(proba, columns=model.classes)},
    }


def _aligned(block: np.ndarray, columns: np.ndarray, fill: float | None) -> np.ndarray:
    if columns.size == block.shape[1] and (columns == np.arange(columns.size)).all():
        return block
    aligned = block[:, columns]
    if fill is not None:
        aligned[:, columns < 0] = fill
    return aligned
