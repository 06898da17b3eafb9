"""New samples on a flat map of a model's classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap.pl import _labels, _palette, _style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

_LONGEST = 26


def class_map(
    classes: Sequence[str], places: np.ndarray, new: np.ndarray, verdicts: np.ndarray
) -> Figure:
    """Draw new samples among the classes.

    Parameters
    ----------
    classes, places
        Names of the classes, and where they are, classes x 2.
    new, verdicts
        Where the new samples are, samples x 2, and what was said of them.

    Returns
    -------
    The figure.
    """
    from matplotlib.patheffects import withStroke

    with _style.context():
        figure = _style.new(6.2, 5.2)
        axes = figure.subplots()
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
                    rasterized=len(new) > 500,
                )
        axes.margins(0.1)
        axes.set(xticks=[], yticks=[], xlabel="axis 1", ylabel="axis 2")
        # Above the diamonds, so that they do not cover the samples.
        anchors = places + [0, 0.04 * np.ptp(axes.get_ylim())]
        labels = [
            axes.text(
                x,
                y,
                _style.text(name, _LONGEST),
                ha="center",
                va="center",
                fontsize=6.5,
                fontweight="bold",
                color=_palette.INK,
                path_effects=[withStroke(linewidth=1.8, foreground="white")],
                zorder=4,
            )
            for name, (x, y) in zip(classes, anchors, strict=True)
        ]
        _style.legend_above(figure, axes, ncols=4)
        # Labels can only be placed once the layout is known.
        figure.draw_without_rendering()
        _labels.spread(axes, anchors, labels)
    return figure
