"""From ranked genes to selected ones: the cut-off, and the agreement of the folds."""

from tissueshap.ranking._cutoff import above, mirrored_fdr, ranks_to_take
from tissueshap.ranking._fold_ranks import agreement, fold_ranks, spread

__all__ = ["above", "agreement", "fold_ranks", "mirrored_fdr", "ranks_to_take", "spread"]
