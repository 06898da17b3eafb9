"""Labels next to their points that do not cover each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Text

_ROUNDS = 800
_PADDING = 1.5  # pixels


def spread(axes: Axes, anchors: np.ndarray, labels: Sequence[Text]) -> None:
    """Move labels apart, as little as needed, and connect moved labels with their points.

    Parameters
    ----------
    axes
        Axes whose layout and limits are final.
    anchors
        Labels x 2: the points in data coordinates.
    labels
        Centred labels at the points.
    """
    home = axes.transData.transform(anchors)
    boxes = [label.get_window_extent() for label in labels]
    half = np.array([(box.width, box.height) for box in boxes]) / 2 + _PADDING
    frame = axes.get_window_extent()
    low = np.array([frame.x0, frame.y0]) + half
    high = np.maximum(np.array([frame.x1, frame.y1]) - half, low)
    placed = _apart(np.clip(home, low, high), home, half, low, high)
    moved = np.abs(placed - home) > half
    for label, spot, point, far in zip(
        labels, axes.transData.inverted().transform(placed), anchors, moved.any(axis=1), strict=True
    ):
        label.set_position(tuple(spot))
        if far:
            axes.plot(*zip(point, spot, strict=True), color="#555555", linewidth=0.4, zorder=2.5)


def _apart(
    spots: np.ndarray, home: np.ndarray, half: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Move overlapping boxes apart, and the others back to their points, until none overlap."""
    n = len(spots)
    # Labels of the same point need a direction in which to separate.
    angle = np.arange(n) * np.pi * (3 - np.sqrt(5))
    spots = spots + 0.01 * np.column_stack([np.cos(angle), np.sin(angle)])
    reach = half[:, None] + half[None]
    for turn in range(_ROUNDS):
        gap = spots[:, None] - spots[None]
        overlap = reach - np.abs(gap)
        clash = (overlap > 0).all(axis=2)
        np.fill_diagonal(clash, False)
        if turn >= _ROUNDS // 2 and not clash.any():
            break
        narrow = overlap.argmin(axis=2)
        step = np.zeros_like(gap)
        for axis in (0, 1):
            push = np.where(clash & (narrow == axis), overlap[..., axis], 0)
            step[..., axis] = push * np.where(gap[..., axis] >= 0, 0.3, -0.3)
        # The pull decreases, so that the last rounds only separate labels that still overlap.
        pull = 0.05 * max(0.0, 1 - 2 * turn / _ROUNDS)
        spots = np.clip(spots + step.sum(axis=1) + pull * (home - spots), low, high)
    return spots
