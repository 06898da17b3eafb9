"""Intervals of shares."""

from __future__ import annotations

import numpy as np


def wilson(hits: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share (Wilson, Journal of the ASA 22:209, 1927).

    Parameters
    ----------
    hits, total
        How many of how many.
    level
        Its coverage.

    Examples
    --------
    >>> [round(bound, 3) for bound in ts.trust.wilson(9, 12)]
    [0.468, 0.911]
    """
    from scipy.stats import norm

    if not total:
        return 0.0, 1.0
    z = float(norm.ppf((1 + level) / 2))
    share = hits / total
    centre = share + z**2 / (2 * total)
    reach = z * np.sqrt(share * (1 - share) / total + z**2 / (4 * total**2))
    size = 1 + z**2 / total
    return float(max(0.0, (centre - reach) / size)), float(min(1.0, (centre + reach) / size))
