"""A model's training samples, compared with the AnnData that it is applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from tissueshap._core import provenance, slots
from tissueshap._core.errors import StaleError

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier


class Identified(Protocol):
    """A model with a fingerprint."""

    def fingerprint(self) -> str:
        """Return a short string that identifies the model."""


def trained_on(adata: AnnData, label: str, samples: np.ndarray) -> pd.DataFrame:
    """Return the training samples and their classes, which are stored with the model."""
    return pd.DataFrame(
        {
            "sample": provenance.name_codes(adata.obs_names[samples]),
            "class": adata.obs[label].astype(str).to_numpy()[samples],
        }
    )


def trained_here(adata: AnnData, model: Classifier) -> pd.DataFrame | None:
    """Return the rows of a model's training samples that are in ``adata``, or None."""
    if model.trained_on is None:
        return None
    here = model.trained_on["sample"].isin(provenance.name_codes(adata.obs_names))
    return model.trained_on[here].reset_index(drop=True) if here.any() else None


def of_model(
    adata: AnnData,
    model: Identified,
    verb: str,
    *reads: str | None,
    layer: str | None,
    key_added: str | None,
) -> dict[str, Any]:
    """Return the sources of ``slots.begin`` for a verb that applies a model, and the model.

    The record of the training is a source if it is of this model; a record of an explanation
    must be of this model.
    """
    own = model.fingerprint()
    model_of = {
        key: entry["made_from"]["model"]
        for key, entry in provenance.records(adata).items()
        if "model" in entry.get("made_from", {})
    }
    for key in reads:
        if key is not None and model_of.get(key, own) != own:
            raise StaleError(
                f"adata.uns['tissueshap'][{key!r}] is of another model than the one passed: run "
                f"ts.tl.shap(adata, model) and ts.tl.rank_genes(adata) again, or pass that model"
            )
    trained = "cnn" if model_of.get("cnn") == own else None
    return {
        **slots.begin(adata, verb, trained, *reads, layer=layer, key_added=key_added),
        "model": own,
    }
