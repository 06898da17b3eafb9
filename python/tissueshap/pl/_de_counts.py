"""``pl.de_counts``: how many genes DE calls in each class, up, down and only there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.called import called, rule
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData


@figure
def de_counts(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the differentially expressed genes of each class, up and down.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.de``. Reads ``varm["de_logfc"]``,
        ``varm["de_called"]`` and the cut-offs.
    %(label)s
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure: bars to the right and to the left; the darker part shows genes that no
    other class calls.

    Examples
    --------
    >>> figure = ts.pl.de_counts(adata, width="page", save="de_counts.pdf")
    """
    table = counts(adata, label)
    table = _style.of_chosen(table, groups)
    table = table.assign(n=table["up"] + table["down"]).sort_values(
        "n", ascending=False, kind="stable"
    )
    rows = np.arange(len(table))
    limits = slots.table(adata, "de", "params")
    axes = canvas.axes(6.4, _style.rows_height(len(table)))
    for name, side, colour in (("up", 1, _palette.UP), ("down", -1, _palette.DOWN)):
        words = {"up": "up in the class", "down": "down"}[name]
        total = side * table[name].to_numpy()
        own = side * table[f"{name}_exclusive"].to_numpy()
        axes.barh(rows, total, color=colour, alpha=0.4, height=0.75, label=words)
        axes.barh(rows, own, color=colour, height=0.75, label=f"{words}, called in this class only")
    most = max(1, int(table[["up", "down"]].to_numpy().max()))
    for column, side in (("up", 1), ("down", -1)):
        for row, n in enumerate(table[column]):
            axes.annotate(
                f"{n:,}",
                (side * n, row),
                xytext=(3 * side, 0),
                textcoords="offset points",
                va="center",
                ha="left" if side > 0 else "right",
                fontsize=6.5,
            )
    axes.axvline(0, color=_palette.INK, linewidth=0.8)
    left = max(0.05 * most, int(table["down"].max()))
    axes.set_xlim(-1.15 * left - 0.08 * most, 1.15 * most)
    canvas.class_rows(axes, table["class"])
    axes.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}")
    axes.set_xlabel(f"genes with {rule(limits)}")
    canvas.legend_above(axes, ncols=2)


def counts(adata: AnnData, label: str | None = None) -> pd.DataFrame:
    """Return how many genes ``tl.de`` calls in each class.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.de``.
    label
        Column of ``obs`` with the classes; the recorded one by default.

    Returns
    -------
    One row per class: ``class``, ``up``, ``down``, and ``up_exclusive``,
    ``down_exclusive``, those of them that no other class calls.
    """
    classes = slots.class_names(adata, label)
    mask = called(adata, classes).to_numpy()
    logfc = slots.class_frame(adata, "varm", schema.varm.de_logfc, classes).to_numpy(np.float64)
    alone = mask & (mask.sum(axis=1, keepdims=True) == 1)
    return pd.DataFrame(
        {
            "class": classes,
            "up": (mask & (logfc > 0)).sum(axis=0),
            "down": (mask & (logfc < 0)).sum(axis=0),
            "up_exclusive": (alone & (logfc > 0)).sum(axis=0),
            "down_exclusive": (alone & (logfc < 0)).sum(axis=0),
        }
    )
