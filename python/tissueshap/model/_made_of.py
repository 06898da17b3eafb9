"""What a model was trained on, against what it is applied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import provenance, slots
from tissueshap._core.errors import StaleError

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model._classifier import Classifier


def trained_on(adata: AnnData, label: str, samples: np.ndarray) -> pd.DataFrame:
    """Return the training samples and their classes, for the model to carry along."""
    return pd.DataFrame(
        {
            "sample": provenance.name_codes(adata.obs_names[samples]),
            "class": adata.obs[label].astype(str).to_numpy()[samples],
        }
    )


def trained_here(adata: AnnData, model: Classifier) -> pd.DataFrame | None:
    """Return the rows of a model's training samples that are in ``adata``, None for none."""
    if model.trained_on is None:
        return None
    here = model.trained_on["sample"].isin(provenance.name_codes(adata.obs_names))
    return model.trained_on[here].reset_index(drop=True) if here.any() else None


def of_model(
    adata: AnnData,
    model: Classifier,
    verb: str,
    *reads: str | None,
    layer: str,
    key_added: str | None,
) -> dict[str, Any]:
    """Return what ``slots.begin`` does for a verb that applies a model, and the model.

    The record of the training counts among those that are read where it is of this model;
    a record of an explanation must be.
    """
    own = model.fingerprint()
    made_by = {
        key: entry["made_from"]["model"]
        for key, entry in provenance.records(adata).items()
        if "model" in entry.get("made_from", {})
    }
    for key in reads:
        if key is not None and made_by.get(key, own) != own:
            raise StaleError(
                f"adata.uns['tissueshap'][{key!r}] is of another model than the one given: run "
                f"ts.tl.shap(adata, model) and ts.tl.rank_genes(adata) again, or give that model"
            )
    trained = "cnn" if made_by.get("cnn") == own else None
    return {
        **slots.begin(adata, verb, trained, *reads, layer=layer, key_added=key_added),
        "model": own,
    }
