"""``pl.randomisation``: the explanation after the weights are randomised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

_SIDES = ("output", "input")
_SERIES = {
    "correlation": ("values", _palette.SHAP, -0.18),
    "correlation_abs": ("absolute values", _palette.DE, 0.18),
}


@figure
def randomisation(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw each class's rank correlation with the values of randomised networks.

    The first boxes are the network itself, explained again. Absolute values keep some of the
    correlation with random weights: a gene that varies more contributes more, whatever the
    weights.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.trust`` with the check ``randomisation``. Reads its
        table of that name.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.randomisation(adata, width="page", save="randomisation.pdf")
    """
    table = slots.table(adata, "trust", "randomisation")
    again = table[table["side"] == "none"]
    sides = [name for name in _SIDES if (table["side"] == name).any()]
    n_steps = int(table["n_layers"].max()) + 1
    drawn = canvas.figure(max(2.2 * len(sides), 1.6 + 0.5 * n_steps * len(sides)), 3.0)
    grid = drawn.subplots(1, len(sides), sharey=True, squeeze=False)[0]
    for axes, side in zip(grid, sides, strict=True):
        _panel(axes, pd.concat([again, table[table["side"] == side]]))
        axes.set_xlabel(f"random weights,\nfrom the {side}")
    grid[0].set(ylabel="rank correlation with the values", ylim=(-1.02, 1.02))
    canvas.legend_above(grid[0])


def _panel(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the boxes of one side's cascade."""
    layers = table.drop_duplicates("n_layers").sort_values("n_layers")
    for column, (words, colour, offset) in _SERIES.items():
        boxes = [table.loc[table["n_layers"] == n, column] for n in layers["n_layers"]]
        axes.boxplot(
            boxes,
            positions=[place + offset for place in range(len(boxes))],
            widths=0.3,
            patch_artist=True,
            boxprops={"facecolor": colour, "linewidth": 0.6},
            medianprops={"color": _palette.INK},
            flierprops={"markersize": 2},
            manage_ticks=False,
        )
        axes.plot([], [], "s", color=colour, label=words)
    axes.axhline(0, color=_palette.MUTED, linewidth=0.8)
    shown = [_style.text(name, 16) for name in layers["layer"]]
    axes.set_xticks(range(len(shown)), [shown[0], *(f"+ {name}" for name in shown[1:])])
    axes.tick_params(axis="x", rotation=90)
    axes.grid(axis="y")
