"""``pl.balancing``: the F1 of each class by its size, for each balancing method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette
from tissueshap.pl._canvas import Canvas, Options, figure
from tissueshap.pl._loess import loess

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

_NAMES = {
    "none": "none",
    "class_weight": "class weights",
    "undersample": "random undersampling",
    "random": "random oversampling",
    "smote": "SMOTE",
}
_COLOURS = {
    "none": _palette.INK,
    "class_weight": _palette.DE,
    "undersample": "#CC79A7",
    "random": _palette.BOTH,
    "smote": _palette.SHAP,
}


@figure
def balancing(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw the F1 of each class by its number of training samples, one line per method.

    A point is a class; the lines are LOESS (local linear, span 0.75, or more for fewer than
    eleven classes, over the logarithm of the size). The legend shows each method's macro F1.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.compare_balancing``. Reads its tables.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.balancing(adata, width="page", save="balancing.pdf")
    """
    summary = slots.table(adata, "compare_balancing", "summary").set_index("method")
    per_class = slots.table(adata, "compare_balancing", "per_class")
    axes = canvas.axes(6.4, 4.2)
    for method in map(str, summary.index):
        own = per_class[per_class["method"].astype(str) == method]
        x, y = own["n_train"].to_numpy(float), own["f1"].to_numpy(float)
        colour = _COLOURS[method]
        axes.scatter(x, y, s=9, color=colour, alpha=0.45, linewidths=0)
        grid = np.geomspace(x.min(), x.max(), 60)
        # A fit needs all of a few classes, because it would follow any three of them.
        span = max(0.75, 8 / len(x))
        smooth = np.clip(loess(np.log(x), y, np.log(grid), span=span), 0, 1)
        words = f"{_NAMES[method]} ({summary.loc[method, 'macro_f1']:.3f})"
        axes.plot(grid, smooth, color=colour, linewidth=1.6, label=words)
    _log_sizes(axes, per_class["n_train"].to_numpy(float))
    axes.set(xlabel="training samples of the class", ylabel="F1, held-out samples")
    axes.set_ylim(min(0.6, float(per_class["f1"].min())) - 0.02, 1.02)
    axes.grid(axis="y")
    canvas.legend_above(axes, ncols=3)


def _log_sizes(axes: Axes, sizes: np.ndarray) -> None:
    """Make the x axis logarithmic, with a few integers on it."""
    axes.set_xscale("log")
    low, high = sizes.min(), sizes.max()
    axes.set_xlim(low / 1.15, high * 1.15)
    steps = np.array([k * 10**e for e in range(7) for k in (1, 2, 5)])
    ticks = steps[(steps >= low / 1.15) & (steps <= high * 1.15)]
    if len(ticks) < 2:
        ticks = np.unique(np.round(np.geomspace(low, high, 3)).astype(int))
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
