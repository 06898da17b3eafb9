"""Files in and out: counts, gene annotation, gene sets, interactions, AnnData."""

from tissueshap.io._annotate_genes import annotate_genes
from tissueshap.io._edges import read_edges
from tissueshap.io._gmt import read_gmt
from tissueshap.io._h5ad import read_h5ad, read_zarr, write_h5ad, write_zarr
from tissueshap.io._read_counts import read_counts

__all__ = [
    "annotate_genes",
    "read_counts",
    "read_edges",
    "read_gmt",
    "read_h5ad",
    "read_zarr",
    "write_h5ad",
    "write_zarr",
]

# For the other packages of tissueshap.
from tissueshap.io._classes import class_mask as class_mask
from tissueshap.io._counts import MIN_GENES as MIN_GENES
from tissueshap.io._delimited import read_delimited as read_delimited
from tissueshap.io._from_anndata import without_results as without_results
from tissueshap.io._genes import meaning as meaning, strip_version as strip_version
from tissueshap.io._gtf import gene_table as gene_table
from tissueshap.io._orientation import orientation as orientation
from tissueshap.io._rules import as_text as as_text
from tissueshap.io._text import open_text as open_text
