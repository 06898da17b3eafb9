"""A separate AnnData to train on: it shares the matrices, and has its own records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.layers import find, has_matrices_on_disk
from tissueshap._core.part import Part

if TYPE_CHECKING:
    from anndata import AnnData


def workbench(adata: AnnData, label: str, layers: Sequence[str]) -> AnnData:
    """Return an AnnData on which verbs can be run without changing the original.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes.
    layers
        Layers to share, if present.
    """
    import anndata

    obs = adata.obs[[label, schema.obs.split]].copy()
    if has_matrices_on_disk(adata):
        work: AnnData = Part(adata, obs=obs, uns={})
    else:
        work = anndata.AnnData(
            obs=obs,
            var=pd.DataFrame(index=adata.var_names),
            layers={
                key: values
                for key in dict.fromkeys(layers)
                if (values := find(adata, key)) is not None
            },
        )
    record = slots.record(work)
    record["label"] = label
    # The offset of the logarithm, which SMOTE's mixtures need too.
    if schema.layers.log2 in slots.record(adata):
        record["log2"] = slots.record(adata)["log2"]
    return work


def balancing(adata: AnnData) -> dict[str, Any] | None:
    """Return the recorded parameters of ``pp.oversample``; None if it was not run."""
    params: dict[str, Any] | None = slots.record(adata).get("oversample", {}).get("params")
    return params


def balance_as(work: AnnData, params: dict[str, Any], *, seed: int) -> None:
    """Balance the training samples with the recorded parameters of ``pp.oversample``."""
    from tissueshap.pp import oversample

    options = {name: value for name, value in params.items() if name != "label"}
    oversample(work, **options, seed=seed)
