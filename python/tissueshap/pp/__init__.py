"""Preprocessing: from counts to the classifier's input."""

from tissueshap._core.docs import fill_in
from tissueshap._core.genes_in_use import reading, wrap, writing
from tissueshap.pp._filter_genes import filter_genes
from tissueshap.pp._harmonise import harmonise
from tissueshap.pp._log2 import log2
from tissueshap.pp._oversample import expand, oversample
from tissueshap.pp._split import split
from tissueshap.pp._tmm import tmm

__all__ = ["expand", "filter_genes", "harmonise", "log2", "oversample", "split", "tmm"]

# For the other packages of tissueshap.
from tissueshap.pp._frozen_tmm import effective_sizes as effective_sizes
from tissueshap.pp._log2 import (
    OFFSET as OFFSET,
    PUBLISHED as PUBLISHED,
    SHIFT as SHIFT,
    Logarithm as Logarithm,
    formula as formula,
    logarithm_of as logarithm_of,
)
from tissueshap.pp._mixture import mixtures as mixtures
from tissueshap.pp._oversample import mixed_values as mixed_values

fill_in(globals()[name] for name in __all__)
# The others have values for every gene, or none per gene.
wrap(("harmonise", "oversample"), globals(), writing)
wrap(("expand",), globals(), reading)
