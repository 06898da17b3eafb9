"""Reading and writing the slots of the contract: the one writer of both languages.

A verb passes its results, grouped by slot, to :func:`write`, which writes them to the
AnnData and records under ``uns["tissueshap"][verb]`` how they were made. The R verbs use
it too, through reticulate, so that both languages write the same.
"""

from tissueshap._core.slots._classes import (
    class_codes,
    class_names,
    classes_to_compare,
    label_name,
    label_of,
    obs_column,
    put_donors,
    refuse_reserved,
)
from tissueshap._core.slots._names import named
from tissueshap._core.slots._owner import held_in, listed, owner, refuse_taken
from tissueshap._core.slots._read import (
    class_frame,
    input_layer,
    items,
    missing_slot,
    record,
    require,
    table,
)
from tissueshap._core.slots._stored import versions_of
from tissueshap._core.slots._write import begin, current, subset_genes, write

__all__ = [
    "begin",
    "class_codes",
    "class_frame",
    "class_names",
    "classes_to_compare",
    "current",
    "held_in",
    "input_layer",
    "items",
    "label_name",
    "label_of",
    "listed",
    "missing_slot",
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
