"""``pl.confusion``: how classes are misclassified."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Largest number of classes whose cells have room for numbers.
_MOST_WRITTEN = 20
_CELL = 0.19  # inches


def confusion(
    adata: AnnData,
    *,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the confusion of the held-out samples, each row a share of its true class.

    Classes are ordered by recall, which is on the right; precision is at the top. Classes
    without errors (recall and precision 1) are listed below instead, unless no class has
    errors.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.evaluate``. Reads its tables ``per_class`` and
        ``confusion``.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.confusion(adata, save="confusion.png")
    >>> (ts.settings.figdir / "confusion.png").exists()
    True
    """
    scores = slots.table(adata, "evaluate", "per_class").set_index("class")
    counts = slots.table(adata, "evaluate", "confusion")
    scores = scores.sort_values(["recall", "precision"], ascending=False, kind="stable")
    right = (scores["recall"] == 1) & (scores["precision"] == 1)
    perfect = [] if right.all() else list(scores.index[right])
    scores = scores.drop(index=perfect)
    shares = _shares(counts, list(scores.index))
    n = len(scores)
    side = max(2.2, _CELL * n)
    below = _listed(perfect, width=int((side + 2) * 14))
    with _style.context():
        figure = _style.new(side + 3.2, side + 2.6 + 0.13 * (below.count("\n") + 1), figsize)
        grid = figure.add_gridspec(
            2, 2, width_ratios=[side, 0.55], height_ratios=[0.55, side], wspace=0.02, hspace=0.02
        )
        heat = figure.add_subplot(grid[1, 0])
        image = heat.imshow(shares, cmap=_palette.HEAT, vmin=0, vmax=1, aspect="auto")
        if n <= _MOST_WRITTEN:
            _write_cells(heat, shares)
        names = _style.texts(scores.index)
        heat.set_yticks(range(n), names)
        heat.set_xticks(range(n), names, rotation=90)
        heat.tick_params(length=0)
        heat.set(ylabel="true class", xlabel="predicted class")
        _margin(
            figure.add_subplot(grid[1, 1], sharey=heat), scores["recall"], "recall", across=True
        )
        _margin(
            figure.add_subplot(grid[0, 0], sharex=heat),
            scores["precision"],
            "precision",
            across=False,
        )
        bar = figure.colorbar(image, ax=figure.axes, shrink=0.5, aspect=25, pad=0.01)
        bar.set_label("share of the true class")
        _style.percent(bar.ax, "y")
        if below:
            figure.supxlabel(below, x=0.01, ha="left", fontsize=7)
    return _style.finish(figure, save)


def _shares(counts: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return true x predicted as shares of all samples of the true class."""
    totals = counts.groupby("true")["n"].sum().reindex(names)
    square = counts.pivot_table(
        index="true", columns="predicted", values="n", aggfunc="sum", fill_value=0, observed=True
    ).reindex(index=names, columns=names, fill_value=0)
    shares: np.ndarray = square.to_numpy(float) / totals.to_numpy(float)[:, None]
    return shares


def _write_cells(axes: Axes, shares: np.ndarray) -> None:
    for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
        value = shares[row, column]
        colour = "white" if value > 0.55 else _palette.INK
        axes.text(
            column, row, f"{100 * value:.0f}", ha="center", va="center", color=colour, fontsize=6
        )


def _margin(axes: Axes, values: pd.Series, name: str, *, across: bool) -> None:
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
            fontsize=6,
        )
    axes.set_title(name, fontsize=7, fontweight="normal")
    axes.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False, labelright=False)
    axes.spines[:].set_visible(False)


def _listed(perfect: list[str], *, width: int) -> str:
    if not perfect:
        return ""
    names = ", ".join(_style.text(name) for name in sorted(perfect))
    return textwrap.fill(f"Without errors ({len(perfect)}, not drawn): {names}", width)
