"""What is given as estimated counts, and is TPM or logarithms."""

from __future__ import annotations

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.io._counts import CountFile

#: Samples of one library size to so small a share are scaled to it.
_SAME = 1e-3
#: Logarithms of counts are smaller than this; counts of a sample's highest gene are larger.
_LOG = 25


def check_estimated(file: CountFile) -> None:
    """Refuse values that are scaled to one library size, or on a log scale.

    Rounding would take both for counts.
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
            "values='estimated' needs the estimated counts; values='log' reads logarithms"
        )
