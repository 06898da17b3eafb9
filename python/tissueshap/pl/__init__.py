"""Figures: each function returns a matplotlib figure that is not tied to a window."""

from tissueshap._core.docs import fill_in
from tissueshap._core.genes_in_use import reading, wrap
from tissueshap.pl._balancing import balancing
from tissueshap.pl._class_balance import class_balance
from tissueshap.pl._confusion import confusion
from tissueshap.pl._curves import curves
from tissueshap.pl._de_counts import de_counts
from tissueshap.pl._enrichment import enrichment
from tissueshap.pl._exclusive import exclusive
from tissueshap.pl._history import history
from tissueshap.pl._logfc import logfc
from tissueshap.pl._modules import modules
from tissueshap.pl._null import null
from tissueshap.pl._overlap import overlap
from tissueshap.pl._per_class import per_class
from tissueshap.pl._ppi import ppi
from tissueshap.pl._projection import projection
from tissueshap.pl._randomisation import randomisation
from tissueshap.pl._reliability import reliability
from tissueshap.pl._shap import shap
from tissueshap.pl._shap_bar import shap_bar
from tissueshap.pl._stability import stability
from tissueshap.pl._transfer import transfer
from tissueshap.pl._trust import trust
from tissueshap.pl._trust_classes import trust_classes
from tissueshap.pl._umap import umap
from tissueshap.pl._uniqueness import uniqueness
from tissueshap.pl._vmeasure import vmeasure

__all__ = [
    "balancing",
    "class_balance",
    "confusion",
    "curves",
    "de_counts",
    "enrichment",
    "exclusive",
    "history",
    "logfc",
    "modules",
    "null",
    "overlap",
    "per_class",
    "ppi",
    "projection",
    "randomisation",
    "reliability",
    "shap",
    "shap_bar",
    "stability",
    "transfer",
    "trust",
    "trust_classes",
    "umap",
    "uniqueness",
    "vmeasure",
]

# For the other packages of tissueshap.
from tissueshap.pl._class_map import class_map as class_map
from tissueshap.pl._de_counts import counts as counts
from tissueshap.pl._distances import distances as distances
from tissueshap.pl._enrichment import enrichment_ratio as enrichment_ratio
from tissueshap.pl._rc import context as context
from tissueshap.pl._reliability import reliability_diagram as reliability_diagram

fill_in(globals()[name] for name in __all__)
wrap(__all__, globals(), reading)
