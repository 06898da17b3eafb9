"""Tools: train, explain, test and compare."""

from tissueshap.tl._cluster import cluster
from tissueshap.tl._compare import compare
from tissueshap.tl._de import de
from tissueshap.tl._enrich import enrich
from tissueshap.tl._null_test import null_test
from tissueshap.tl._ppi import ppi

__all__ = ["cluster", "compare", "de", "enrich", "null_test", "ppi"]
