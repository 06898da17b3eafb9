"""``pl.confusion``: how classes are misclassified."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

#: Largest number of classes whose cells have room for numbers.
_MOST_WRITTEN = 20
#: Inches of a cell, with numbers and without.
_CELL = 0.19
_SMALL_CELL = 0.11
#: Inches of a cell whose class still has a name that can be read.
_SMALLEST_CELL = 0.075


@figure
def confusion(
    canvas: Canvas,
    adata: AnnData,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the confusion of the held-out samples, each row a share of its true class.

    Recall is on the right, precision at the top. Up to 20 classes are ordered by recall; more
    so that classes which are confused with each other are neighbours, and the colours of small
    shares are stronger. If the width is fixed and too small, those with the most errors are
    drawn. Classes
    without errors (recall and precision 1) are listed below instead, unless no class has
    errors.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.evaluate``. Reads its tables ``per_class`` and
        ``confusion``.
    groups
        True and predicted classes to draw; all by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.confusion(adata, width="page", save="confusion.pdf")
    """
    from matplotlib.colors import PowerNorm

    scores = slots.table(adata, "evaluate", "per_class").set_index("class")
    counts = slots.table(adata, "evaluate", "confusion")
    scores = scores.sort_values(["recall", "precision"], ascending=False, kind="stable")
    scores = scores.loc[scores.index.isin(_style.chosen(list(scores.index.astype(str)), groups))]
    right = (scores["recall"] == 1) & (scores["precision"] == 1)
    perfect = [] if right.all() else list(scores.index[right])
    scores = scores.drop(index=perfect)
    margin = _style.label_length(_style.texts(scores.index, canvas.longest)) * 0.75 + 0.7
    scores, better = _fitting(scores, canvas.width, margin)
    many = len(scores) > _MOST_WRITTEN
    if many:
        scores = scores.iloc[_style.similar(_shares(counts, list(scores.index)))]
    shares = _shares(counts, list(scores.index))
    names = _style.texts(scores.index, canvas.longest)
    side, size = _size(canvas.width, len(scores), margin)
    lists = {"Without errors": perfect, "With fewer errors": better}
    below = _listed(lists, width=int(15 * (canvas.width or side + 0.8 + margin)))
    figure = canvas.figure(
        side + 0.8 + margin, side + margin + 1.4 + 0.13 * (below.count("\n") + 1)
    )
    grid = figure.add_gridspec(
        2, 2, width_ratios=[side, 0.55], height_ratios=[0.55, side], wspace=0.02, hspace=0.02
    )
    heat = figure.add_subplot(grid[1, 0])
    # Of many classes the cells have no numbers, and a share of 3 % is to be seen all the same.
    image = heat.imshow(
        shares, cmap=_palette.HEAT, norm=PowerNorm(0.5 if many else 1, 0, 1), aspect="auto"
    )
    if not many:
        _write_cells(heat, shares, min(6, size))
    heat.set_yticks(range(len(names)), names)
    heat.set_xticks(range(len(names)), names, rotation=90)
    heat.tick_params(length=0, labelsize=size)
    heat.set(ylabel="true class", xlabel="predicted class")
    recall = figure.add_subplot(grid[1, 1], sharey=heat)
    _margin(recall, scores["recall"], "recall", across=True, size=min(6, size))
    precision = figure.add_subplot(grid[0, 0], sharex=heat)
    _margin(precision, scores["precision"], "precision", across=False, size=min(6, size))
    bar = figure.colorbar(
        image,
        ax=[heat, recall, precision],
        location="top",
        shrink=0.4,
        aspect=30,
        anchor=(0.0, 0.0),
        ticks=[0, 0.1, 0.5, 1] if many else [0, 0.5, 1],
    )
    bar.set_label("share of the true class")
    _style.percent(bar.ax, "x")
    if below:
        canvas.note(heat, below)


def _fitting(
    scores: pd.DataFrame, width: float | None, margin: float
) -> tuple[pd.DataFrame, list[str]]:
    """Return the classes with the most errors that a narrow figure has space for, and the others.

    Parameters
    ----------
    scores
        ``recall`` and ``precision`` of the classes.
    width
        Of the figure in inches, if it is fixed.
    margin
        Inches of it that the names take.
    """
    n = len(scores) if width is None else max(5, int((width - margin - 0.55) / _SMALLEST_CELL))
    errors = scores[["recall", "precision"]].fillna(0).min(axis=1)
    drawn = errors.nsmallest(n, keep="first").index
    kept = scores.index.isin(drawn)
    return scores[kept], list(scores.index[~kept])


def _size(width: float | None, n: int, margin: float) -> tuple[float, float]:
    """Return the side of the matrix in inches, and the size of its text in points.

    Parameters
    ----------
    width
        Of the figure in inches, if it is fixed.
    n
        Number of classes.
    margin
        Inches of the figure that the names take.
    """
    cell = _CELL if n <= _MOST_WRITTEN else _SMALL_CELL
    side = max(2.2, cell * n) if width is None else max(1.2, width - margin - 0.55)
    return side, float(np.clip(0.72 * 72 * side / n, 4, 7))


def _shares(counts: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return true x predicted as shares of all samples of the true class."""
    totals = counts.groupby("true")["n"].sum().reindex(names)
    square = counts.pivot_table(
        index="true", columns="predicted", values="n", aggfunc="sum", fill_value=0, observed=True
    ).reindex(index=names, columns=names, fill_value=0)
    shares: np.ndarray = square.to_numpy(float) / totals.to_numpy(float)[:, None]
    return shares


def _write_cells(axes: Axes, shares: np.ndarray, size: float) -> None:
    for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
        value = shares[row, column]
        colour = "white" if value > 0.55 else _palette.INK
        axes.text(
            column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=size
        )


def _margin(axes: Axes, values: pd.Series, name: str, *, across: bool, size: float) -> None:
    """Draw the values as bars along the heat map, each with its number."""
    places = range(len(values))
    if across:
        axes.barh(places, values, color=_palette.FAINT, height=0.8)
        axes.set_xlim(0, 1)
    else:
        axes.bar(places, values, color=_palette.FAINT, width=0.8)
        axes.set_ylim(0, 1)
    for place, value in zip(places, values, strict=True):
        x, y = (0.06, place) if across else (place, 0.06)
        axes.text(
            x,
            y,
            "–" if np.isnan(value) else f"{value:.2f}",
            rotation=0 if across else 90,
            ha="left" if across else "center",
            va="center" if across else "bottom",
            fontsize=size,
        )
    axes.set_title(name, fontsize=7, fontweight="normal")
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False, labelright=False)
    axes.spines[:].set_visible(False)


def _listed(lists: dict[str, list[str]], *, width: int) -> str:
    """Return the classes that are not drawn, and why, in lines of this many characters."""
    paragraphs = [
        f"{why} ({len(classes)}, not drawn): {', '.join(map(_style.text, sorted(classes)))}"
        for why, classes in lists.items()
        if classes
    ]
    return "\n".join(textwrap.fill(each, width) for each in paragraphs)
