"""The genes behind each sample's class, explained in blocks of samples."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import tl
from tissueshap._core import schema
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataWarning
from tissueshap._core.progress import progress
from tissueshap._core.settings import settings
from tissueshap.model import counts_for, prepare

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier

#: Samples that are explained together: their values take this many times the genes.
_BLOCK = 128
#: Genes of a sample that are kept.
N_GENES = 20


def genes_behind(
    adata: AnnData, model: Classifier, *, n_draws: int, min_overlap: float, seed: int
) -> pd.DataFrame:
    """Return the genes that support each sample's class most.

    Parameters
    ----------
    adata
        New samples, with counts in ``X`` or the model's input in its layer.
    model
        The classifier, with a background.
    n_draws
        Number of gradients per sample.
    min_overlap
        Share of the model's genes that the data must have.
    seed
        Seed of the draws.

    Returns
    -------
    ``sample``, ``class`` (the one that is explained), ``rank`` from 1 to 20, ``gene`` and
    ``symbol`` as the model has them, ``shap``, ``expression`` (log-transformed, the model's
    input) and ``training_median`` (of the same).
    """
    assert model.preparation is not None
    known = model.preparation.genes
    names = known["gene"].to_numpy()
    symbols = known[schema.var.symbol].to_numpy() if schema.var.symbol in known else names
    median = model.preparation.median
    tables = []
    for samples, values, shap, explained in _blocks(adata, model, n_draws, min_overlap, seed):
        order = np.argsort(-shap, axis=1, kind="stable")[:, :N_GENES]
        row = np.arange(len(samples))[:, None]
        n_each = order.shape[1]
        tables.append(
            pd.DataFrame(
                {
                    "sample": np.repeat(samples, n_each),
                    "class": np.repeat(explained, n_each),
                    "rank": np.tile(np.arange(1, n_each + 1), len(samples)),
                    "gene": names[order].ravel(),
                    "symbol": np.where(symbols[order] == "", names[order], symbols[order]).ravel(),
                    "shap": shap[row, order].ravel(),
                    "expression": values[row, order].ravel(),
                    "training_median": median[order].ravel().astype(np.float32),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _blocks(
    adata: AnnData, model: Classifier, n_draws: int, min_overlap: float, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield names, input, SHAP values and explained classes of a few samples at a time."""
    import anndata

    layer = model.layer
    prepared = _input_of(adata, model, min_overlap)
    starts = range(0, adata.n_obs, _BLOCK)
    with progress(desc="explaining", unit="sample", total=adata.n_obs) as shown:
        for start in starts:
            rows = slice(start, min(start + _BLOCK, adata.n_obs))
            names = adata.obs_names[rows].astype(str)
            values = prepared[rows]
            block = anndata.AnnData(
                obs=pd.DataFrame(index=names),
                var=pd.DataFrame(index=model.genes),
                layers={layer: values},
            )
            with warnings.catch_warnings(), settings.override(progress=False):
                # tl.predict has warned of these samples.
                warnings.simplefilter("ignore", DataWarning)
                tl.explain(block, model, n_draws=n_draws, layer=layer, seed=seed)
            table = block.uns[schema.UNS]["shap"]["samples"]
            shap = np.asarray(block.layers[schema.layers.shap])
            yield names.to_numpy(), values, shap, table["explained"].astype(str).to_numpy()
            shown.update(len(names))


def _input_of(adata: AnnData, model: Classifier, min_overlap: float) -> Any:
    """Return what yields the model's input by rows."""
    counts = counts_for(adata, model, model.layer, None)
    if counts is not None:
        return prepare(counts, model, min_overlap=min_overlap)
    return np.asarray(dense(adata.layers[model.layer]), np.float32)
