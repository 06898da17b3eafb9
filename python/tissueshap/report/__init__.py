"""The report: one HTML file that reads top to bottom and needs nothing else."""

from tissueshap.report._build import build
from tissueshap.report._figures import figures
from tissueshap.report._genes import gene_table
from tissueshap.report._markers import score_markers
from tissueshap.report._summary import summarise
from tissueshap.report._truth import score_truth

__all__ = ["build", "figures", "gene_table", "score_markers", "score_truth", "summarise"]
