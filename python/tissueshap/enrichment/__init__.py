"""Over-representation of gene sets, and of interactions, among genes."""

from tissueshap.enrichment._engines import ENGINES, ON_OWN, WITHOUT_SETS, run, versions
from tissueshap.enrichment._gene_lists import check_sources, gene_lists, records_behind
from tissueshap.enrichment._gene_sets import GeneSets, gene_sets, matching_ids
from tissueshap.enrichment._interactions import Network, interaction_test
from tissueshap.enrichment._over_representation import COLUMNS, adjusted

__all__ = [
    "COLUMNS",
    "ENGINES",
    "GeneSets",
    "Network",
    "ON_OWN",
    "WITHOUT_SETS",
    "adjusted",
    "check_sources",
    "gene_lists",
    "gene_sets",
    "interaction_test",
    "matching_ids",
    "records_behind",
    "run",
    "versions",
]
