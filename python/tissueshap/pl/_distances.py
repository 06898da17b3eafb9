"""How far new samples lie from the training samples' classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_N_BINS = 40


@figure
def distances(
    canvas: Canvas, reference: np.ndarray, new: np.ndarray, verdicts: np.ndarray, limit: float
) -> None:
    """Draw distances to the nearest class, of held-out samples and of new ones.

    Parameters
    ----------
    canvas
        Where to draw.
    reference
        Of samples of the training cohort that the network had not seen.
    new, verdicts
        Of the new samples, and what was said of them.
    limit
        Beyond this distance a sample is unfamiliar; can be infinite.

    Returns
    -------
    The figure: held-out samples above, new ones below, on one axis.
    """
    largest = max(each for each in (reference.max(), new.max(), limit) if np.isfinite(each))
    edges = np.linspace(0, float(largest) * 1.02, _N_BINS + 1)
    figure = canvas.figure(6.2, 3.0)
    above, below = figure.subplots(2, 1, sharex=True)
    above.hist(reference, bins=edges, color=_palette.MUTED)
    above.set_title("samples of known classes, not seen in training", fontsize=8)
    colours = _palette.VERDICTS
    below.hist(
        [new[verdicts == name] for name in colours],
        bins=edges,
        color=list(colours.values()),
        label=list(colours),
        stacked=True,
    )
    below.set_title("new samples", fontsize=8)
    below.set_xlabel("distance from the nearest class")
    for axes in (above, below):
        _finish(axes, limit)
    canvas.legend_above(below, ncols=3)


def _finish(axes: Axes, limit: float) -> None:
    if np.isfinite(limit):
        axes.axvline(limit, color=_palette.INK, linewidth=0.8, linestyle=":")
    axes.set_ylabel("samples")
    _style.whole_numbers(axes, "y")
