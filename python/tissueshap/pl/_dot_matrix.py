"""Dots in rows and columns, with an area and a colour each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tissueshap.pl._canvas import Canvas

#: Area of the largest dot, in square points.
_LARGEST = 90
#: Inches of the narrowest column: its label has 4 points.
_NARROWEST = 0.075
#: Inches for the colour bar and the labels of the axes.
_BESIDE = 1.4
#: Rows up to which labels have the usual size, and the colour bar is as high as the rows.
_FEW_ROWS, _FEWEST_ROWS = 45, 20


@dataclass(frozen=True)
class Measure:
    """What the area or the colour of a dot shows.

    Attributes
    ----------
    values
        One for each dot.
    title
        In words.
    written
        How a value of the legend is written.
    """

    values: np.ndarray
    title: str
    written: Callable[[float], str] = "{:.2g}".format


def dot_matrix(
    canvas: Canvas,
    rows: Sequence[str],
    columns: Sequence[str],
    places: tuple[np.ndarray, np.ndarray],
    *,
    area: Measure,
    colour: Measure,
    column_width: float,
) -> None:
    """Draw dots in labelled rows and columns.

    Parameters
    ----------
    canvas
        Where to draw.
    rows, columns
        Their labels; the first row is on top.
    places
        Row and column of each dot, as numbers.
    area, colour
        What they show.
    column_width
        Inches for a column, if the width is not given. If it is, only as many columns are
        drawn as fit.
    """
    n_columns = len(columns)
    if canvas.width is not None:
        room = max(0.0, canvas.width - _style.label_length(rows) - _BESIDE)
        n_fitting = max(5, int(room / _NARROWEST))
        if n_fitting < n_columns:
            columns = columns[:n_fitting]
            rows, places, area, colour = _cut(rows, n_fitting, places, area, colour)
        column_width = room / len(columns)
    width = 1.9 + _style.label_length(rows) + max(0.8, column_width * len(columns))
    height = 0.8 + _style.label_length(columns) + max(1.8, _style.ROW * len(rows))
    axes = canvas.axes(width, height)
    largest = min(_LARGEST, (1.2 * 72 * column_width) ** 2)
    _dots(canvas, axes, places, area, colour, n_rows=len(rows), largest=largest)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(range(len(rows)), rows, fontsize=7 if len(rows) <= _FEW_ROWS else 6)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=True, axis="both")
    points = 7.0 if canvas.width is None else float(np.clip(0.75 * 72 * column_width, 4, 7))
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=points)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    if len(columns) < n_columns:
        words = f"{n_columns - len(columns)} of {n_columns} columns do not fit: groups= chooses"
        canvas.note(axes, words)


def _cut(
    rows: Sequence[str],
    n_columns: int,
    places: tuple[np.ndarray, np.ndarray],
    area: Measure,
    colour: Measure,
) -> tuple[Sequence[str], tuple[np.ndarray, np.ndarray], Measure, Measure]:
    """Return what is left with the first columns: rows with dots, and their dots."""
    kept = places[1] < n_columns
    used, at = np.unique(places[0][kept], return_inverse=True)
    area, colour = (replace(each, values=each.values[kept]) for each in (area, colour))
    return [rows[i] for i in used], (at, places[1][kept]), area, colour


def _dots(
    canvas: Canvas,
    axes: Axes,
    places: tuple[np.ndarray, np.ndarray],
    area: Measure,
    colour: Measure,
    *,
    n_rows: int,
    largest: float,
) -> None:
    top = float(area.values.max()) or 1.0
    dots = axes.scatter(
        places[1],
        places[0],
        s=largest * area.values / top,
        c=colour.values,
        cmap=_palette.SEQUENTIAL + "_r",
        vmin=0,
        linewidths=0,
    )
    bar = axes.figure.colorbar(
        dots, ax=axes, shrink=1.0 if n_rows < _FEWEST_ROWS else 0.5, aspect=20, pad=0.02
    )
    bar.set_label(colour.title)
    steps = [top / 4, top / 2, top]
    handles = [axes.scatter([], [], s=largest * s / top, color=_palette.MUTED) for s in steps]
    canvas.legend(axes, handles, [area.written(step) for step in steps], title=area.title)
