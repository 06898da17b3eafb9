"""Reading and writing the slots of the contract: the one writer of both languages.

A verb hands over what it found, grouped by slot, and :func:`write` puts it into the
AnnData and records under ``uns["tissueshap"][verb]`` how it was made. The R verbs
come through here too, by reticulate, so that both hosts write the same.
"""

from tissueshap._core.slots._classes import (
    class_codes,
    class_names,
    label_name,
    label_of,
    obs_column,
    put_donors,
    refuse_reserved,
)
from tissueshap._core.slots._names import named
from tissueshap._core.slots._owner import owner, refuse_taken
from tissueshap._core.slots._read import class_frame, items, record, require, table
from tissueshap._core.slots._stored import versions_of
from tissueshap._core.slots._write import begin, current, subset_genes, write

__all__ = [
    "begin",
    "class_codes",
    "class_frame",
    "class_names",
    "current",
    "items",
    "label_name",
    "label_of",
    "named",
    "obs_column",
    "owner",
    "put_donors",
    "record",
    "refuse_reserved",
    "refuse_taken",
    "require",
    "subset_genes",
    "table",
    "versions_of",
    "write",
]
