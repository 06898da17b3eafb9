"""A path through all cells of a square that stays local, like Hilbert's for powers of 2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: A step on the grid: (rows, columns).
Step = tuple[int, int]


def square_path(side: int) -> np.ndarray:
    """Return the cells, row * side + column, in the order of the path.

    The generalised Hilbert curve (J. Cerveny, "Space-filling curve for rectangular domains of
    arbitrary size", 2018): each cell touches the one before it, at least at a corner.

    Parameters
    ----------
    side
        Height and width of the square.
    """
    cells = list(_walk((0, 0), (0, side), (side, 0)))
    return np.array([row * side + column for row, column in cells], dtype=np.int64)


def _walk(start: Step, along: Step, across: Step) -> Iterator[Step]:
    """Walk a rectangle from a corner: its main direction is `along`, the other `across`."""
    width, height = abs(along[0] + along[1]), abs(across[0] + across[1])
    forward, aside = _sign(along), _sign(across)
    if height == 1:
        yield from (_moved(start, forward, step) for step in range(width))
        return
    if width == 1:
        yield from (_moved(start, aside, step) for step in range(height))
        return
    half, quarter = _halved(along), _halved(across)
    if 2 * width > 3 * height:
        # Long: two pieces end to end, the first of an even length.
        if abs(sum(half)) % 2 and width > 2:
            half = _moved(half, forward, 1)
        yield from _walk(start, half, across)
        yield from _walk(_moved(start, half, 1), _moved(along, half, -1), across)
        return
    # Up the near half, along the far one, and down again.
    if abs(sum(quarter)) % 2 and height > 2:
        quarter = _moved(quarter, aside, 1)
    yield from _walk(start, quarter, half)
    yield from _walk(_moved(start, quarter, 1), along, _moved(across, quarter, -1))
    corner = _moved(_moved(start, _moved(along, forward, -1), 1), _moved(quarter, aside, -1), 1)
    yield from _walk(corner, _moved((0, 0), quarter, -1), _moved(half, along, -1))


def _moved(place: Step, step: Step, times: int) -> Step:
    return (place[0] + times * step[0], place[1] + times * step[1])


def _sign(step: Step) -> Step:
    return ((step[0] > 0) - (step[0] < 0), (step[1] > 0) - (step[1] < 0))


def _halved(step: Step) -> Step:
    return (int(step[0] / 2), int(step[1] / 2))
