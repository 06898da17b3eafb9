"""The reliability diagram: how often a model is right, compared with how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_STAGES = {
    "before": ("before calibration", _palette.MUTED, "o--"),
    "after": ("after calibration", _palette.SHAP, "o-"),
}


def reliability(table: pd.DataFrame) -> Figure:
    """Draw the share of correct samples by the probability of the predicted class.

    Parameters
    ----------
    table
        The table ``reliability`` of ``tl.calibrate``: ``stage``, ``n``, ``confidence``,
        ``accuracy``.

    Returns
    -------
    The figure: one point per bin of probabilities, its area the number of samples.
    """
    with _style.context():
        figure = _style.new(3.6, 3.7)
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=_palette.FAINT, linewidth=1, zorder=1)
        for stage, (words, colour, form) in _STAGES.items():
            rows = table[table["stage"] == stage].sort_values("confidence")
            if rows.empty:
                continue
            axes.plot(
                *(rows["confidence"], rows["accuracy"], form),
                color=colour,
                linewidth=1,
                markersize=2.5,
                label=words,
            )
            area = 140 * rows["n"] / rows["n"].sum()
            axes.scatter(rows["confidence"], rows["accuracy"], s=area, color=colour, alpha=0.35)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.set(xlabel="probability of the predicted class", ylabel="share that is correct")
        ticks = np.linspace(0, 1, 6)
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        for axis in ("x", "y"):
            _style.percent(axes, axis)
        axes.grid()
        _style.legend_above(figure, axes, ncols=2)
    return figure
