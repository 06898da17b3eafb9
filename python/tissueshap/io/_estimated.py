"""TPM or log-transformed values passed as estimated counts."""

from __future__ import annotations

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.io._counts import CountFile

#: Samples whose library sizes differ by at most this share are scaled to the same size.
_SAME = 1e-3
#: Log-transformed counts are below this; the counts of a sample's highest gene are above it.
_LOG = 25


def check_estimated(file: CountFile) -> None:
    """Refuse values that are scaled to one library size, or on a log scale.

    Rounding would turn both into what looks like counts.
    """
    totals = file.matrix.totals()
    totals = totals[totals > 0]
    scaled = len(totals) > 1 and np.ptp(totals) <= _SAME * totals.mean() and file.matrix.n_rounded
    if scaled:
        raise DataError(
            f"{file.path}: the values of each sample add up to {totals.mean():,.0f}, as TPM and "
            "CPM do: values='estimated' needs the estimated counts (RSEM's expected_count, "
            "salmon's NumReads, tximport's counts)"
        )
    if file.matrix.n_rounded and file.matrix.largest() < _LOG:
        raise DataError(
            f"{file.path}: no value is above {file.matrix.largest():,.0f}, as on a log scale: "
            "values='estimated' needs the estimated counts; values='log' reads log-transformed "
            "values"
        )
