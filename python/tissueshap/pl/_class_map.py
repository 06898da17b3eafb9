"""New samples on a flat map of a model's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap.pl import _labels, _palette, _style
from tissueshap.pl._canvas import Canvas, figure

if TYPE_CHECKING:
    from collections.abc import Sequence


_LONGEST = 26


@figure
def class_map(
    canvas: Canvas,
    classes: Sequence[str],
    places: np.ndarray,
    new: np.ndarray,
    verdicts: np.ndarray,
) -> None:
    """Draw new samples among the classes.

    Parameters
    ----------
    canvas
        Where to draw.
    classes, places
        Names of the classes, and where they are, classes x 2.
    new, verdicts
        Where the new samples are, samples x 2, and what was said of them.

    Returns
    -------
    The figure.
    """
    width, height = _labels.panel_size(_style.texts(classes, _LONGEST), 5.2)
    axes = canvas.axes(max(6.2, width), height)
    axes.scatter(
        places[:, 0],
        places[:, 1],
        s=60,
        marker="D",
        color="#C4C4C4",
        label="class (mean of training samples)",
    )
    for name, colour in _palette.VERDICTS.items():
        of = verdicts == name
        if of.any():
            axes.scatter(
                new[of, 0],
                new[of, 1],
                s=16,
                color=colour,
                edgecolor="white",
                linewidths=0.3,
                label=f"{name} ({of.sum():,})",
                zorder=3,
                rasterized=_style.rasterised(len(new)),
            )
    axes.margins(0.1)
    axes.set(xticks=[], yticks=[], xlabel="axis 1", ylabel="axis 2")
    names = _style.texts(classes, _LONGEST)
    labels = _labels.prepare(axes, places, names)
    canvas.legend_above(axes, ncols=4)
    # Labels can only be placed once the layout is known.
    canvas.lay_out()
    _labels.place(axes, places, labels, np.concatenate([places, new]), ["#9A9A9A"] * len(names))
