"""An AnnData to train on aside: it shares the matrices, and has records of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core import schema, slots

if TYPE_CHECKING:
    from anndata import AnnData


def workbench(adata: AnnData, label: str, layers: Sequence[str]) -> AnnData:
    """Return an AnnData whose verbs leave no trace in the first.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes.
    layers
        Layers to share; those that are not there are left out.
    """
    import anndata

    work = anndata.AnnData(
        obs=adata.obs[[label, schema.obs.split]].copy(),
        var=pd.DataFrame(index=adata.var_names),
        layers={key: adata.layers[key] for key in dict.fromkeys(layers) if key in adata.layers},
    )
    record = slots.record(work)
    record["label"] = label
    # The offset of the logarithm: SMOTE's mixtures take it too.
    if schema.layers.log2 in slots.record(adata):
        record["log2"] = slots.record(adata)["log2"]
    return work


def balance_as(work: AnnData, params: dict[str, Any], *, seed: int) -> None:
    """Balance the training samples as ``pp.oversample`` has recorded that it did elsewhere."""
    from tissueshap.pp import oversample

    options = {name: value for name, value in params.items() if name != "label"}
    oversample(work, **options, seed=seed)
