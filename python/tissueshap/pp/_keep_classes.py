"""The classes that a verb keeps: ``exclude`` and ``min_class_size``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from anndata import AnnData

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number
from tissueshap.io import class_mask


def keep_classes(
    adata: AnnData,
    label: str | None,
    *,
    exclude: str | Sequence[str] | None = None,
    min_class_size: int = 0,
) -> None:
    """Drop, in place, the samples of classes that are excluded or too small.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    exclude
        Names or patterns of classes.
    min_class_size
        Minimum number of samples of a class.

    Raises
    ------
    DataError
        Fewer than two classes are left, or the AnnData is backed on disk.
    """
    patterns = [exclude] if isinstance(exclude, str) else list(exclude or ())
    check_number("min_class_size", min_class_size, low=0, integer=True)
    if not patterns and not min_class_size:
        return
    if adata.isbacked:
        raise DataError(
            "samples of an AnnData that is backed on disk cannot be dropped in place: run "
            "adata = adata.to_memory() first, or pass copy=True"
        )
    name = slots.label_of(adata, label)
    classes = adata.obs[name].astype(str)
    mask = class_mask(classes, patterns, min_class_size, Path("the AnnData"))
    if mask.all():
        return
    adata._inplace_subset_obs(mask)
    if isinstance(adata.obs[name].dtype, pd.CategoricalDtype):
        adata.obs[name] = adata.obs[name].cat.remove_unused_categories()
