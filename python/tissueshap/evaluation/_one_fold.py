"""One fold of ``tl.cross_validate`` as a split of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import provenance, schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import TEST, TRAIN, folds
from tissueshap.evaluation._workbench import balance_as, balancing, workbench

if TYPE_CHECKING:
    from anndata import AnnData

_RANKED = ("rank_genes", "select_genes")


def fold_alone(adata: AnnData, label: str, number: int, *, layer: str) -> AnnData:
    """Return the AnnData as if one fold were the only test set, except for the ranks.

    Parameters
    ----------
    adata
        After ``tl.cross_validate``; the matrices are shared.
    label
        Column of ``obs`` with the classes.
    number
        The number of the fold.
    layer
        The classifiers' input.

    Returns
    -------
    Training and test samples are the fold's, and so are the explained samples and the balanced
    rows. Other records and tables are those of `adata`, except for ranks and what is selected
    by them.

    Raises
    ------
    DataError
        The fold does not exist.
    """
    fold = folds(adata)
    if fold is None or number not in fold:
        there = "no folds" if fold is None else f"the folds {np.unique(fold).tolist()}"
        raise DataError(f"fold={number}: there are {there}")
    record = slots.record(adata)
    balanced = balancing(adata)
    mixed = [] if balanced is None else [str(balanced["layer"])]
    work = workbench(adata, label, [layer, schema.layers.shap, *mixed])
    work.obs[schema.obs.split] = pd.Categorical(np.where(fold == number, TEST, TRAIN))
    # The genes are ranked again.
    others = {schema.UNS, schema.scanpy.shap_genes}
    work.uns.update({name: held for name, held in adata.uns.items() if name not in others})
    work.varm.update({name: adata.varm[name] for name in adata.varm if name.startswith("de_")})
    own = slots.record(work)
    # They were made from all folds; the caller has checked that they are up to date.
    own.update(
        {
            verb: provenance.without_origin(entry)
            for verb, entry in provenance.records(adata).items()
            if verb not in _RANKED
        }
    )
    samples = slots.table(adata, "shap", "samples")
    samples = samples[samples["fold"] == number].drop(columns="fold").reset_index(drop=True)
    own["shap"] = {**own["shap"], "samples": samples}
    if balanced is not None:
        seed = int(record["cross_validate"]["seed"]) + number - 1
        balance_as(work, balanced, seed=seed)
    return work
