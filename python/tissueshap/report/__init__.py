"""The report, and the page about new samples: each one HTML file that needs no other files."""

from tissueshap._core.genes_in_use import reading, wrap
from tissueshap.report._build import build
from tissueshap.report._figures import figures
from tissueshap.report._genes import gene_table
from tissueshap.report._markers import score_markers
from tissueshap.report._summary import summarise
from tissueshap.report._truth import score_truth

__all__ = ["build", "figures", "gene_table", "score_markers", "score_truth", "summarise"]

# For the other packages of tissueshap.
from tissueshap.report._biology import EXCLUSIVE as EXCLUSIVE
from tissueshap.report._figures import rendered as rendered
from tissueshap.report._prediction_page import build_predictions as build_predictions
from tissueshap.report._predictions import (
    prediction_counts as prediction_counts,
    prediction_table as prediction_table,
)
from tissueshap.report._results import ran as ran
from tissueshap.report._sections import classes as classes, missed_by_class as missed_by_class

wrap(__all__, globals(), reading)
