"""Measures of how far an explanation can be trusted, one a file."""

from tissueshap.trust._agreement import (
    jaccard,
    jaccard_by_chance,
    rank_biased_overlap,
    rank_biased_overlap_by_chance,
    spearman,
)
from tissueshap.trust._verdict import Row, summary

__all__ = [
    "Row",
    "jaccard",
    "jaccard_by_chance",
    "rank_biased_overlap",
    "rank_biased_overlap_by_chance",
    "spearman",
    "summary",
]
