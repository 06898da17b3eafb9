"""How the selected genes vary over the folds, after ``tl.cross_validate``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap.trust import jaccard_by_chance, pairs

if TYPE_CHECKING:
    from anndata import AnnData


def fold_ranks(adata: AnnData, classes: Sequence[str], key_added: str | None) -> list[np.ndarray]:
    """Return the ranks by each fold's samples alone, genes x classes; none without folds."""
    numbers = slots.record(adata).get(key_added or "rank_genes", {}).get("folds", ())
    prefix = schema.varm.shap_rank_fold
    frames = [
        slots.class_frame(adata, "varm", f"{prefix}_{number}", classes, key_added=key_added)
        for number in numbers
    ]
    return [frame.to_numpy(dtype=np.float64) for frame in frames]


def spread(
    genes: pd.DataFrame,
    by_fold: Sequence[np.ndarray],
    n_ranks: int,
    classes: Sequence[str],
    names: pd.Index,
) -> pd.DataFrame:
    """Return the table of selected genes with how each ranks in the folds.

    Parameters
    ----------
    genes
        With the columns ``class`` and ``gene``.
    by_fold
        Of each fold, genes x classes.
    n_ranks
        Ranks that are selected.
    classes, names
        Of the classes and the genes.
    """
    row = names.get_indexer(pd.Index(genes["gene"]))
    column = pd.Index(classes).get_indexer(pd.Index(genes["class"]))
    ranks = np.stack([frame[row, column] for frame in by_fold])
    return genes.assign(
        n_folds=(ranks <= n_ranks).sum(axis=0),
        rank_low=np.nanmin(ranks, axis=0).astype(np.int64),
        rank_high=np.nanmax(ranks, axis=0).astype(np.int64),
    )


def agreement(by_fold: Sequence[np.ndarray], n_ranks: int, classes: Sequence[str]) -> pd.DataFrame:
    """Return how far the folds agree on the selected genes of each class.

    Parameters
    ----------
    by_fold
        Of each fold, genes x classes.
    n_ranks
        Ranks that are selected.
    classes
        Names of the classes.
    """
    ranked = np.stack([~np.isnan(frame).all(axis=0) for frame in by_fold]).sum(axis=0)
    # Scores are higher the better, ranks lower.
    compared = pairs([-frame for frame in by_fold], n_ranks)
    means = compared.groupby("code")[["jaccard", "rbo"]].mean()
    n_genes = int((~np.isnan(by_fold[0]).all(axis=1)).sum())
    return pd.DataFrame(
        {
            "class": list(classes),
            "n_folds": ranked,
            **means.reindex(range(len(classes))),
            "jaccard_expected": jaccard_by_chance(n_ranks, n_genes),
        }
    )
