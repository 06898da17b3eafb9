"""The explained samples, and the class that each of them counts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.errors import DataError

if TYPE_CHECKING:
    from anndata import AnnData


class ExplainedSamples(NamedTuple):
    """Explained samples that are still in the AnnData.

    Attributes
    ----------
    table
        Their rows of the table ``samples`` of ``tl.shap``.
    rows
        Their positions.
    classes
        Names of the classes that they count for.
    """

    table: pd.DataFrame
    rows: np.ndarray
    classes: np.ndarray


def explained_samples(
    adata: AnnData, label: str, *, by: str = "explained", source: str = "shap"
) -> ExplainedSamples:
    """Return the explained samples.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes.
    by
        ``"explained"``: a sample counts for the class that was explained; ``"label"``: for its
        own.
    source
        The record of the explanation.
    """
    table = slots.table(adata, source, "samples")
    rows = adata.obs_names.get_indexer(pd.Index(table["sample"]))
    present = rows >= 0
    table, rows = table[present], rows[present]
    if not rows.size:
        raise DataError("no explained sample is left in adata: run ts.tl.shap(adata, model) again")
    classes = table["explained"].astype(str).to_numpy()
    if by == "label":
        classes = adata.obs[label].astype(str).to_numpy()[rows]
    return ExplainedSamples(table, rows, classes)
