"""Which genes ``tl.de`` calls: the one reader of its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from tissueshap._core import schema, slots

if TYPE_CHECKING:
    from anndata import AnnData


class Passed(NamedTuple):
    """Which genes (rows) pass each threshold of ``tl.de`` in which class (columns)."""

    fdr: pd.DataFrame
    lfc: pd.DataFrame


def called(adata: AnnData, classes: Sequence[str]) -> pd.DataFrame:
    """Return which genes (rows) are called in which class (columns), as Booleans.

    Raises
    ------
    MissingSlotError
        ``tl.de`` has not been run.
    """
    if schema.varm.de_called in adata.varm:
        return slots.class_frame(adata, "varm", schema.varm.de_called, classes).astype(bool)
    # Earlier versions stored the values alone.
    passed = thresholds_passed(adata, classes)
    return passed.fdr & passed.lfc


def rule(limits: Mapping[str, Any]) -> str:
    """Return the rule as text: ``FDR < 0.01 and |log2FC| > 4``."""
    return f"FDR < {float(limits['fdr']):g} and |log2FC| > {float(limits['lfc']):g}"


def thresholds_passed(adata: AnnData, classes: Sequence[str]) -> Passed:
    """Return which genes pass the thresholds; a gene that was not tested passes none."""
    limits = slots.table(adata, "de", "params")
    fdr = slots.class_frame(adata, "varm", schema.varm.de_fdr, classes)
    logfc = slots.class_frame(adata, "varm", schema.varm.de_logfc, classes)
    return Passed(fdr < float(limits["fdr"]), logfc.abs() > float(limits["lfc"]))
