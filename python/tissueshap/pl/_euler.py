"""The geometry of an area-proportional Euler diagram of two sets."""

from __future__ import annotations

import numpy as np


def circles(n_first: float, n_second: float, n_both: float) -> tuple[float, float, float]:
    """Return the two radii and the distance of the centres, areas being the numbers.

    Parameters
    ----------
    n_first, n_second
        Size of each set.
    n_both
        Size of their intersection.
    """
    first, second = np.sqrt(n_first / np.pi), np.sqrt(n_second / np.pi)
    low, high = abs(first - second), first + second
    if n_both <= 0:
        return first, second, high
    if n_both >= min(n_first, n_second):
        return first, second, low
    # The shared area decreases with the distance: bisect.
    for _ in range(100):
        middle = (low + high) / 2
        if shared_area(first, second, middle) > n_both:
            low = middle
        else:
            high = middle
    return first, second, (low + high) / 2


def shared_area(first: float, second: float, distance: float) -> float:
    """Return the area that two circles share.

    Parameters
    ----------
    first, second
        Radii.
    distance
        Distance of the centres.
    """
    if distance >= first + second:
        return 0.0
    if distance <= abs(first - second):
        return float(np.pi * min(first, second) ** 2)
    # Each circle's segment beyond the chord through both crossings.
    to_chord = (distance**2 + first**2 - second**2) / (2 * distance)
    return _segment(first, to_chord) + _segment(second, distance - to_chord)


def _segment(radius: float, to_chord: float) -> float:
    share = np.clip(to_chord / radius, -1, 1)
    return float(radius**2 * (np.arccos(share) - share * np.sqrt(1 - share**2)))
