"""How well a gene set alone puts the samples of a class together."""

from tissueshap.clustering._clustered import (
    checked_classes,
    chosen_samples,
    expression,
    named_sets,
    present_sets,
    records_behind,
)
from tissueshap.clustering._vmeasure import check_starts, random_sets, scored_sets

__all__ = [
    "check_starts",
    "checked_classes",
    "chosen_samples",
    "expression",
    "named_sets",
    "present_sets",
    "random_sets",
    "records_behind",
    "scored_sets",
]
