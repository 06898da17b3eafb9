"""From ranked genes to selected ones: the cut-off, and the agreement of the folds."""

from tissueshap.ranking._cutoff import above, mirrored_fdr, ranks_to_take
from tissueshap.ranking._directions import directions
from tissueshap.ranking._explained import explained_samples
from tissueshap.ranking._fold_ranks import agreement, fold_ranks, spread
from tissueshap.ranking._scanpy_record import add_tests, scanpy_record

__all__ = [
    "above",
    "add_tests",
    "agreement",
    "directions",
    "explained_samples",
    "fold_ranks",
    "mirrored_fdr",
    "ranks_to_take",
    "scanpy_record",
    "spread",
]
