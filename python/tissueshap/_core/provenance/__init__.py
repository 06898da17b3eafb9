"""What a record was made from, and whether this has changed since.

Every record has an ``id`` and ``made_from``: fingerprints of the samples and genes, of what
its verb depends on (``from`` in ``inst/schema.json``), of the model if any, and the ids of
the records that were read. :func:`check` compares them with the current AnnData. Records of
earlier versions have neither, and R's verbs omit what R cannot compute (the values of a
layer): missing entries are not compared.

R computes the same fingerprints (``R/provenance.R``).
"""

from tissueshap._core.provenance._fingerprints import Now, fingerprint, name_codes
from tissueshap._core.provenance._genes_in_use import genes_in_use
from tissueshap._core.provenance._model import check_trained_on, trained_on
from tissueshap._core.provenance._origin import (
    depends_on,
    identity,
    inherited,
    made_from,
    records,
    without_origin,
)
from tissueshap._core.provenance._stale import check, current

__all__ = [
    "Now",
    "check",
    "check_trained_on",
    "current",
    "depends_on",
    "fingerprint",
    "genes_in_use",
    "identity",
    "inherited",
    "made_from",
    "name_codes",
    "records",
    "trained_on",
    "without_origin",
]
