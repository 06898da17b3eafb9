"""``pl.trust``: each question's value, with that expected by chance and the threshold."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure
from tissueshap.trust import FAILS, HOLDS

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

_VERDICTS = {HOLDS: _palette.BOTH, FAILS: _palette.UP}
#: Inches per question, and per line of its words if they need more.
_ROW = 0.4
_LINE = 0.1


@figure
def trust(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw the table of trust: one row per question, with its value, chance and threshold.

    On the shaded side of a row the verdict holds. Each row has a measure of its own, which is
    named under the question if the figure is wide enough. Questions that were not measured are
    listed below.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.trust``. Reads its table ``summary``.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.trust(adata, width="page", save="trust.pdf")
    """
    table = slots.table(adata, "trust", "summary")
    measured = table["verdict"].isin(list(_VERDICTS))
    others = list(dict.fromkeys(table.loc[~measured, "question"].astype(str)))
    table = table[measured]
    rows = table.to_dict("records")
    known = table[["value", "chance", "threshold"]].to_numpy(float)
    low = min(0.0, float(np.nanmin(known, initial=0.0))) - 0.03
    high = max(1.0, float(np.nanmax(known, initial=1.0))) + 0.03
    words = [_words(row, narrow=canvas.longest < _style.LONGEST) for row in rows]
    height = max([_ROW, *(_LINE * (each.count("\n") + 1.5) for each in words)])
    axes = canvas.axes(_style.PAGE, 1.2 + height * len(rows) + 0.12 * len(others))
    for place, row in enumerate(rows):
        _row(axes, place, row, low, high)
    _legend(canvas, axes)
    axes.set_yticks(range(len(rows)), words, fontsize=6)
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(low, high), ylim=(max(1, len(rows)) - 0.5, -0.5))
    axes.set_xlabel("value of each row's measure")
    if others:
        canvas.note(axes, "\n".join(["not measured:", *(_style.text(each, 90) for each in others)]))
    axes.grid(axis="x")
    side = axes.secondary_yaxis("right")
    side.set_yticks(range(len(rows)), [_said(row) for row in rows], fontsize=6.5)
    side.tick_params(axis="y", length=0)
    side.spines["right"].set_visible(False)


def _row(axes: Axes, place: int, row: dict[str, Any], low: float, high: float) -> None:
    threshold = float(row["threshold"])
    start, end = (threshold, high) if row["higher"] else (low, threshold)
    axes.barh(place, end - start, left=start, height=0.7, color=_palette.FAINT, alpha=0.5)
    axes.plot([threshold] * 2, [place - 0.35, place + 0.35], color=_palette.INK, linewidth=1.2)
    axes.plot(float(row["chance"]), place, "o", mfc="white", mec=_palette.MUTED, markersize=5)
    axes.plot(float(row["value"]), place, "o", color=_VERDICTS[row["verdict"]], markersize=6)


def _legend(canvas: Canvas, axes: Axes) -> None:
    for name, colour in _VERDICTS.items():
        axes.plot([], [], "o", color=colour, markersize=6, label=name)
    axes.plot([], [], "o", mfc="white", mec=_palette.MUTED, markersize=5, label="by chance")
    axes.plot([], [], color=_palette.INK, linewidth=1.2, label="threshold (holds where shaded)")
    canvas.legend_above(axes, ncols=4)


def _words(row: dict[str, Any], *, narrow: bool) -> str:
    """Return the question and, unless the figure is narrow, what was measured."""
    if narrow:
        return _wrapped(row["question"], 30)
    return _wrapped(row["question"], 50) + "\n" + _wrapped(row["measure"], 50)


def _wrapped(words: str, wide: int) -> str:
    return textwrap.fill(_style.text(words, len(words) + 1), wide)


def _said(row: dict[str, Any]) -> str:
    return f"{float(row['value']):.3f} {row['verdict']}"
