"""Names of classes in an embedding, which cover neither each other nor the samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    from tissueshap.pl._canvas import Canvas

#: Largest number of classes named within the panel; the names of more are on both sides of it.
MOST_INSIDE = 10
_SIZE = 6.5
#: Inches of a panel without its names, and of its title.
_PANEL, _TITLE = 4.2, 0.4
#: Characters of a name next to one of two panels on a page.
_SHORT = 20
#: Between a panel and the names next to it, as a share of its width.
_GAP = 0.06
_PADDING = 1.5  # pixels
#: Pixels of the grid on which samples under a label are counted.
_GRID = 2
#: Where a label may stand: directions around its point, and distances in heights of a label.
_DIRECTIONS = 24
_DISTANCES = (0.0, 1.0, 1.6, 2.4, 3.4, 4.8, 6.6, 9.0, 12.0)
_LINE: dict[str, Any] = {"color": "#555555", "linewidth": 0.4}


def panel_size(names: Sequence[str], side: float) -> tuple[float, float]:
    """Return width and height in inches of a panel with its names.

    Parameters
    ----------
    names
        Names of the classes.
    side
        Of the square in which the samples are.
    """
    if len(names) <= MOST_INSIDE:
        return side, side
    return side + 2 * _style.label_length(names), max(side, _least_height(len(names)))


@dataclass(frozen=True)
class Arrangement:
    """How panels with names are arranged.

    Attributes
    ----------
    n
        How many panels are drawn.
    columns, lines
        Of the panels.
    size
        Width and height in inches of a panel with its title.
    longest
        Number of characters of a name.
    """

    n: int
    columns: int
    lines: int
    size: tuple[float, float]
    longest: int


def arrange(
    canvas: Canvas, names: Sequence[str], n_panels: int, *, above: float = 0.0
) -> Arrangement:
    """Return how panels are arranged; in a figure whose width is fixed, those that fit on a page.

    Parameters
    ----------
    canvas
        Where they are drawn.
    names
        Names of the classes.
    n_panels
        Number of panels.
    above
        Inches for what is above the panels.
    """
    longest = canvas.longest
    width, height = panel_size(_style.texts(names, longest), _PANEL)
    columns = min(2, n_panels)
    if canvas.width is None:
        lines = -(-n_panels // columns)
        return Arrangement(n_panels, columns, lines, (width, height + _TITLE), longest)
    columns = max(1, min(columns, int(canvas.width / (width - _PANEL / 3))))
    least = max(_least_height(len(names)), 1.8)
    page = _style.PAGE_HEIGHT - above
    fitting = max(1, int(page / (least + _TITLE)))
    if n_panels > columns * fitting and canvas.longest == _style.LONGEST:
        # Short names, so that two panels have space next to each other.
        columns, longest = 2, _SHORT
    n = min(n_panels, columns * fitting)
    lines = -(-n // columns)
    tallest = min(page / lines - _TITLE, 0.75 * canvas.width)
    height = max(min(height, tallest), least)
    return Arrangement(n, columns, lines, (canvas.width / columns, height + _TITLE), longest)


def note_missing(canvas: Canvas, axes: Axes, n: int, n_panels: int) -> None:
    """Write below the figure how many panels a page has no space for."""
    if n < n_panels:
        canvas.note(axes, f"{n_panels - n} of {n_panels} panels do not fit: gene_sets= chooses")


def _least_height(n_names: int) -> float:
    return 0.1 * (n_names // 2 + 1) + 0.3 if n_names > MOST_INSIDE else 0.0


def prepare(axes: Axes, anchors: np.ndarray, names: Sequence[str]) -> list[Text]:
    """Write the names of classes, in places that are not final, so that the layout has space.

    Parameters
    ----------
    axes
        Axes whose limits are final.
    anchors
        Classes x 2: where each class is, in data coordinates.
    names
        Of the classes.
    """
    if len(names) <= MOST_INSIDE:
        return [_inside(axes, name, point) for name, point in zip(names, anchors, strict=True)]
    # The name of the axis would be where those of the classes are.
    axes.set(ylabel="", xlabel=" and ".join(filter(None, [axes.get_xlabel(), axes.get_ylabel()])))
    left = np.zeros(len(names), dtype=bool)
    left[np.argsort(anchors[:, 0], kind="stable")[: len(names) // 2]] = True
    return [
        _beside(axes, name, left=bool(is_left)) for name, is_left in zip(names, left, strict=True)
    ]


def place(
    axes: Axes,
    anchors: np.ndarray,
    labels: Sequence[Text],
    dots: np.ndarray,
    colours: Sequence[str],
) -> None:
    """Put labels where they belong, once the layout is known, and connect them with their points.

    Parameters
    ----------
    axes
        Axes whose layout and limits are final.
    anchors
        Labels x 2: the points in data coordinates.
    labels
        Those of :func:`prepare`.
    dots
        Samples x 2: what labels should not cover.
    colours
        Of the classes, for names that are not next to them.
    """
    if len(labels) <= MOST_INSIDE:
        _among(axes, anchors, labels, dots)
    else:
        _in_margins(axes, anchors, labels, colours)


def _inside(axes: Axes, name: str, point: np.ndarray) -> Text:
    from matplotlib.patheffects import withStroke

    label: Text = axes.text(
        float(point[0]),
        float(point[1]),
        name,
        ha="center",
        va="center",
        fontsize=_SIZE,
        fontweight="bold",
        color=_palette.INK,
        path_effects=[withStroke(linewidth=1.8, foreground="white")],
        zorder=4,
    )
    # Its place within the panel is not to change the panel.
    label.set_in_layout(False)
    return label


def _beside(axes: Axes, name: str, *, left: bool) -> Text:
    label: Text = axes.text(
        -_GAP if left else 1 + _GAP,
        0.5,
        name,
        ha="right" if left else "left",
        va="center",
        fontsize=_SIZE - 0.5,
        color=_palette.INK,
        transform=axes.transAxes,
    )
    return label


def _in_margins(
    axes: Axes, anchors: np.ndarray, labels: Sequence[Text], colours: Sequence[str]
) -> None:
    """List the labels left and right of the panel, in the order of their points."""
    frame = axes.get_window_extent()
    home = axes.transAxes.inverted().transform(axes.transData.transform(anchors))
    row = max(label.get_window_extent().height for label in labels) * 1.02 / frame.height
    for side, start in (("right", -0.5 * _GAP), ("left", 1 + 0.5 * _GAP)):
        members = [i for i, label in enumerate(labels) if label.get_horizontalalignment() == side]
        heights = _spaced(home[members, 1], row)
        for member, height in zip(members, heights, strict=True):
            labels[member].set_y(height)
            x, y = home[member]
            _line(axes, [start, x], [height, y], alpha=0.6, zorder=2.5, **_LINE)
            dot: dict[str, Any] = {"marker": "o", "color": colours[member], "linestyle": ""}
            _line(axes, [start], [height], markersize=3.2, markeredgewidth=0, **dot)
            _line(
                axes,
                [x],
                [y],
                markersize=3.6,
                markeredgecolor="white",
                markeredgewidth=0.6,
                zorder=3,
                **dot,
            )


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], **style: Any) -> None:
    """Draw a line in fractions of a panel, within it or beyond, that changes no limits."""
    from matplotlib.lines import Line2D

    axes.add_artist(Line2D(x, y, transform=axes.transAxes, clip_on=False, **style))


def _spaced(heights: np.ndarray, least: float) -> np.ndarray:
    """Return heights near the given ones, at least so far apart, around the middle of 0 to 1."""
    order = np.argsort(heights, kind="stable")
    n = len(heights)
    spaced = heights[order].clip(0, 1)
    low = 0.5 - max(1.0, least * (n - 1)) / 2
    for _ in range(60):
        for i in range(1, n):
            lacking = least - (spaced[i] - spaced[i - 1])
            if lacking > 0:
                spaced[i] += lacking / 2
                spaced[i - 1] -= lacking / 2
        spaced = spaced.clip(low, 1 - low)
    # What is still too close is moved up; and down again from the top.
    for i in range(1, n):
        spaced[i] = max(spaced[i], spaced[i - 1] + least)
    top = 1 - low
    for i in range(n - 1, -1, -1):
        spaced[i] = min(spaced[i], top)
        top = spaced[i] - least
    found = np.empty(n)
    found[order] = spaced
    return found


def _among(axes: Axes, anchors: np.ndarray, labels: Sequence[Text], dots: np.ndarray) -> None:
    """Put each label where it covers the fewest samples and no other label, near its point."""
    frame = axes.get_window_extent()
    boxes = [label.get_window_extent() for label in labels]
    half = np.array([(box.width, box.height) for box in boxes]) / 2 + _PADDING
    home = axes.transData.transform(anchors)
    under = _counter(axes.transData.transform(dots[np.isfinite(dots).all(axis=1)]), frame)
    angles = 2 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    around = np.array(
        [(0.0, 0.0)]
        + [(far * np.cos(angle), far * np.sin(angle)) for far in _DISTANCES[1:] for angle in angles]
    )
    placed: list[tuple[np.ndarray, np.ndarray]] = []
    # The widest first, as they fit into the fewest places.
    for i in np.argsort(-half[:, 0], kind="stable"):
        height = 2 * half[i, 1]
        # A wide label is farther from its point sideways than above it.
        reach = around * height + np.sign(around.round(6)) * (half[i] - half[i, 1]) * (around != 0)
        low = np.array([frame.x0, frame.y0]) + half[i]
        high = np.maximum(np.array([frame.x1, frame.y1]) - half[i], low)
        spots = np.clip(home[i] + reach, low, high)
        cost = 3.0 * under(spots - half[i], spots + half[i])
        cost += 0.4 * np.linalg.norm(spots - home[i], axis=1) / height
        for spot, size in placed:
            cost += 1e6 * (np.abs(spots - spot) < size + half[i]).all(axis=1)
        best = spots[int(cost.argmin())]
        placed.append((best, half[i]))
        labels[i].set_position(tuple(axes.transData.inverted().transform(best)))
        if (np.abs(best - home[i]) > half[i]).any():
            end = best + np.clip(home[i] - best, -half[i], half[i])
            ends = axes.transAxes.inverted().transform([home[i], end])
            _line(axes, *ends.T, zorder=3.5, **_LINE)


def _counter(pixels: np.ndarray, frame: Bbox) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """Return a function that counts the samples in boxes, in heights of a sample."""
    origin = np.array([frame.x0, frame.y0])
    shape = np.ceil(np.array([frame.width, frame.height]) / _GRID).astype(int) + 2
    grid = np.zeros(shape)
    cells = ((pixels - origin) / _GRID).astype(int).clip(0, shape - 1)
    # A cell is covered or not: ten samples on one spot are one dot.
    grid[tuple(cells.T)] = 1
    total = np.pad(grid.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def under(low: np.ndarray, high: np.ndarray) -> np.ndarray:
        (x0, y0), (x1, y1) = (
            ((edge - origin) / _GRID).astype(int).clip(0, shape - 1).T for edge in (low, high)
        )
        counted: np.ndarray = (
            total[x1 + 1, y1 + 1] - total[x0, y1 + 1] - total[x1 + 1, y0] + total[x0, y0]
        )
        return counted

    return under
