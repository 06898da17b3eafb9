"""``tl.predict``: apply a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.dense import blocks
from tissueshap.model import Classifier, backend, check_input, columns_of, of_model, trained_here

if TYPE_CHECKING:
    from anndata import AnnData


def predict(
    adata: AnnData,
    model: Classifier,
    *,
    layer: str = "log2",
    fill: float | None = None,
    check_scale: bool = True,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Apply a classifier to all samples.

    The genes may be in another order than the model's, and there may be more of them: they
    are aligned by name. The values are compared with those that the model was trained on:
    a logarithm with another base, without the shift, or of other units would give confident
    but wrong classes.

    Parameters
    ----------
    adata
        Samples x genes, after ``pp.log2``: the training cohort or a new one. Reads
        ``layers["log2"]``.
    model
        The classifier.
    layer
        The classifier's input.
    fill
        Value, on the layer's scale, of the model's genes that `adata` lacks:
        ``model.scale.floor`` is a gene that is not expressed. By default missing genes are an
        error.
    check_scale
        Refuse values that are clearly on another scale than the training data, and samples
        in which nothing was measured; False only warns of them.
    key_added
        Name of the record instead of ``"predict"``, and prefix of what is written.
    copy
        Return a new AnnData and leave this one unchanged.

    Returns
    -------
    None, or with `copy` the new AnnData. Writes ``obs["predicted"]`` (the class of the
    highest probability), ``obs["confidence"]`` (that probability, float32),
    ``obsm["proba"]`` (samples x classes) and the record ``uns["tissueshap"]["predict"]``.

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
    values = slots.require(adata, "layers", layer)
    columns = columns_of(adata, model, fill=fill)
    check_input(adata, model, columns, layer=layer, refuse=check_scale)
    sources = of_model(adata, model, "predict", layer=layer, key_added=key_added)
    parts = [model.predict_proba(_aligned(block, columns, fill)) for _, block in blocks(values)]
    proba = np.concatenate(parts) if parts else np.empty((0, len(model.classes)), np.float32)
    best = proba.argmax(axis=1)
    predicted = pd.Categorical.from_codes(best, categories=pd.Index(model.classes))
    slots.write(
        adata,
        "predict",
        {
            "obs": {
                schema.obs.predicted: predicted,
                schema.obs.confidence: proba[np.arange(len(best)), best],
            },
            "obsm": {schema.obsm.proba: pd.DataFrame(proba, columns=model.classes)},
            "uns": {
                "classes": model.classes,
                "n_filled": int((columns < 0).sum()),
                "trained_on": trained_here(adata, model),
            },
        },
        params={
            "layer": layer,
            "fill": fill,
            "check_scale": check_scale,
            "preset": model.preset,
        },
        versions=("keras", backend()),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _aligned(block: np.ndarray, columns: np.ndarray, fill: float | None) -> np.ndarray:
    if columns.size == block.shape[1] and (columns == np.arange(columns.size)).all():
        return block
    aligned = block[:, columns]
    if fill is not None:
        aligned[:, columns < 0] = fill
    return aligned
