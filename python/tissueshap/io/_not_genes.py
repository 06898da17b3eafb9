"""Rows of a count table that are not genes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tissueshap._core.errors import DataWarning
from tissueshap.io._text import first

#: Counters that counting programs append, and spike-ins, by the name of the row.
_BY_NAME = {
    "counters of the counting program": (
        # HTSeq, and before 0.6 without the underscores
        r"__.*|no_feature|ambiguous|too_low_aqual|not_aligned|alignment_not_unique|"
        # STAR's ReadsPerGene, featureCounts' summary, samtools idxstats
        r"N_(unmapped|multimapping|noFeature|ambiguous)|(Una|A)ssigned(_\w+)?|\*"
    ),
    "spike-ins": r"(gSpikein[-_].*|(ERCC[-_.]\d{5}|SIRV[-_]?\d+|phiX(174)?))(\.\d+)?",
}

#: Columns with the type of a row, and their values for genes.
_TYPES = {
    "feature_types": {"gene expression"},
    "feature_biotype": {"gene"},
}


def is_counter(name: str) -> bool:
    """Return whether a row with this name is a counter or a spike-in."""
    return any(re.fullmatch(pattern, name, re.IGNORECASE) for pattern in _BY_NAME.values())


def gene_mask(
    genes: Sequence[str], columns: Mapping[str, Sequence[object]], path: Path
) -> np.ndarray:
    """Return which rows are genes, and warn of those that are not.

    Parameters
    ----------
    genes
        Names of the rows.
    columns
        The file's other columns. ``feature_types`` is used by 10x, ``feature_biotype`` by
        CELLxGENE.
    path
        The file, for the message.
    """
    keep = np.ones(len(genes), dtype=bool)
    for what, pattern in _BY_NAME.items():
        matches = re.compile(pattern, re.IGNORECASE).fullmatch
        _leave_out(keep, [matches(name) is not None for name in genes], genes, what, path)
    for name, of_genes in _TYPES.items():
        types = [str(value).strip().lower() for value in columns.get(name, ())]
        if not of_genes.isdisjoint(types):
            others = [value not in of_genes for value in types]
            _leave_out(keep, others, genes, f"not genes by the column {name!r}", path)
    return keep


def _leave_out(
    keep: np.ndarray, marked: Sequence[bool], genes: Sequence[str], what: str, path: Path
) -> None:
    out = keep & np.asarray(marked)
    if out.any():
        named = first([name for name, one in zip(genes, out, strict=True) if one])
        warnings.warn(
            f"{path}: {int(out.sum()):,} rows are {what} and are left out: {named}",
            DataWarning,
            stacklevel=7,
        )
        keep &= ~out
