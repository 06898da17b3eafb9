"""What a record was made from, and whether that has changed since.

Every record holds an ``id`` and ``made_from``: fingerprints of the samples and genes that
there were, of what its verb depends on (``from`` in ``inst/schema.json``), the model's where
there is one, and the ids of the records that were read. :func:`check` compares them with the
AnnData as it is. Records of earlier versions hold neither, and R's verbs leave out what R
cannot compute (the values of a layer): what is not there is not compared.

R computes the same fingerprints (``R/provenance.R``).
"""

from tissueshap._core.provenance._fingerprints import Now, fingerprint, name_codes
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
    "identity",
    "inherited",
    "made_from",
    "name_codes",
    "records",
    "trained_on",
    "without_origin",
]
