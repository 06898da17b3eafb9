"""``pl.trust``: each question's value, with that expected by chance and the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.trust import FAILS, HOLDS

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_VERDICTS = {HOLDS: _palette.BOTH, FAILS: _palette.UP}
#: Inches per question.
_ROW = 0.36


def trust(
    adata: AnnData,
    *,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the table of trust: one row per question, with its value, chance and threshold.

    On the shaded side of a row the verdict holds.

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
    >>> figure = ts.pl.trust(adata, save="trust.png")
    >>> (ts.settings.figdir / "trust.png").exists()
    True
    """
    table = slots.table(adata, "trust", "summary")
    rows = table.to_dict("records")
    known = table[["value", "chance", "threshold"]].to_numpy(float)
    low = min(0.0, float(np.nanmin(known, initial=0.0))) - 0.03
    high = max(1.0, float(np.nanmax(known, initial=1.0))) + 0.03
    with _style.context():
        figure = _style.new(7.4, 1.0 + _ROW * len(rows), figsize)
        axes = figure.add_subplot()
        for place, row in enumerate(rows):
            _row(axes, place, row, low, high)
        _legend(figure, axes)
        words = [f"{row['question']}\n{row['measure']}" for row in rows]
        axes.set_yticks(range(len(rows)), _lines(words), fontsize=6)
        axes.tick_params(axis="y", length=0)
        axes.set(xlim=(low, high), ylim=(len(rows) - 0.5, -0.5), xlabel="figure of the measure")
        axes.grid(axis="x")
        side = axes.secondary_yaxis("right")
        side.set_yticks(range(len(rows)), [_said(row) for row in rows], fontsize=6.5)
        side.tick_params(axis="y", length=0)
        side.spines["right"].set_visible(False)
    return _style.finish(figure, save)


def _row(axes: Axes, place: int, row: dict[str, Any], low: float, high: float) -> None:
    if row["verdict"] not in _VERDICTS:
        return
    threshold = float(row["threshold"])
    start, end = (threshold, high) if row["higher"] else (low, threshold)
    axes.barh(place, end - start, left=start, height=0.7, color=_palette.FAINT, alpha=0.5)
    axes.plot([threshold] * 2, [place - 0.35, place + 0.35], color=_palette.INK, linewidth=1.2)
    axes.plot(float(row["chance"]), place, "o", mfc="white", mec=_palette.MUTED, markersize=5)
    axes.plot(float(row["value"]), place, "o", color=_VERDICTS[row["verdict"]], markersize=6)


def _legend(figure: Figure, axes: Axes) -> None:
    for name, colour in _VERDICTS.items():
        axes.plot([], [], "o", color=colour, markersize=6, label=name)
    axes.plot([], [], "o", mfc="white", mec=_palette.MUTED, markersize=5, label="by chance")
    axes.plot([], [], color=_palette.INK, linewidth=1.2, label="threshold (holds where shaded)")
    _style.legend_above(figure, axes, ncols=4)


def _lines(words: list[str]) -> list[str]:
    return ["\n".join(_style.text(line, 90) for line in word.split("\n")) for word in words]


def _said(row: dict[str, Any]) -> str:
    if row["verdict"] not in _VERDICTS:
        return str(row["verdict"])
    return f"{float(row['value']):.3f} {row['verdict']}"
