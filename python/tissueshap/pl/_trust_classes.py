"""``pl.trust_classes``: how many of each class's genes can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from anndata import AnnData
    from matplotlib.axes import Axes


@figure
def trust_classes(
    canvas: Canvas,
    adata: AnnData,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw each class's selected genes: how many recur, and how many are in reliable order.

    Classes whose genes should not be read one by one are orange: not enough of their genes
    recur, or held-out samples are confused with another class, or a check fails for all.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.trust``. Reads its table ``classes``.
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.trust_classes(adata, width="page", save="trust_classes.pdf")
    """
    table = slots.table(adata, "trust", "classes")
    table = table[table["class"].isin(_style.chosen(list(table["class"].astype(str)), groups))]
    axes = canvas.axes(5.6, _style.rows_height(len(table)))
    _bars(axes, table)
    canvas.class_rows(axes, table["class"])
    axes.set_xlabel("genes")
    canvas.legend_above(axes, ncols=2)


def _bars(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the genes that are selected, those that recur, and those in reliable order."""
    place = np.arange(len(table))
    axes.barh(place, table["n_genes"], height=0.7, color=_palette.FAINT, label="selected")
    again = table["n_again"].to_numpy(float)
    known = ~np.isnan(again)
    low, high = (table[name].to_numpy(float) for name in ("again_low", "again_high"))
    readable = table["readable"].to_numpy(bool)
    words = str(table["again"].iloc[0]) if len(table) else ""
    for rows, colour, label in (
        (known & readable, _palette.BOTH, f"recur {words}"),
        (known & ~readable, _palette.UP, "recur; not to be read one by one"),
    ):
        if rows.any():
            axes.errorbar(
                again[rows],
                place[rows],
                xerr=np.stack([again[rows] - low[rows], high[rows] - again[rows]]),
                fmt="o",
                color=colour,
                markersize=4,
                linewidth=1,
                label=label,
            )
    ordered = table["n_ordered"].to_numpy(float)
    # Only the selected genes are drawn, however deep the order is reliable.
    ordered = np.minimum(ordered, table["n_genes"].to_numpy(float))
    if (~np.isnan(ordered)).any():
        axes.plot(
            ordered,
            place,
            "|",
            color=_palette.INK,
            markersize=9,
            markeredgewidth=1.5,
            label="the first in reliable order",
        )
