"""``pl.uniqueness``: how many of the top-ranked genes differ between the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes


@figure
def uniqueness(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw the share of unique and of exclusive genes in the top n ranks of all classes.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``. Reads its tables ``curve``
        and ``by_share``, ``n_ranks``, ``n_genes`` and the threshold.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.uniqueness(adata, width="page", save="uniqueness.pdf")
    """
    from matplotlib.ticker import FuncFormatter

    curve = slots.table(adata, "select_genes", "curve")
    n_ranks = int(slots.table(adata, "select_genes", "n_ranks"))
    n_genes = int(slots.table(adata, "select_genes", "n_genes"))
    params = slots.table(adata, "select_genes", "params")
    axes = canvas.axes(5.2, 3.4)
    for column, name, colour in (
        ("unique_fraction", "unique: distinct genes / all ranks", _palette.SHAP),
        ("exclusive_fraction", "exclusive: in one class only", _palette.UP),
    ):
        if column in curve:
            axes.plot(curve["n_ranks"], curve[column], color=colour, label=name, linewidth=1.6)
    _shares(axes, slots.table(adata, "select_genes", "by_share"))
    if params["method"] == "unique_fraction":  # for other rules it is not a share of genes
        threshold = float(params["threshold"])
        axes.axhline(threshold, color=_palette.MUTED, linewidth=0.8, linestyle="--")
    axes.axvline(
        n_ranks,
        color=_palette.INK,
        linewidth=0.8,
        linestyle=":",
        label=f"chosen: top {n_ranks:,} ranks, {n_genes:,} genes",
    )
    if curve["n_ranks"].max() > 100:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.set_ylim(0, 1.02)
    _style.percent(axes, "y")
    axes.set(xlabel="top ranks taken from each class", ylabel="share of genes")
    axes.grid()
    canvas.legend_above(axes, ncols=1)


def _shares(axes: Axes, table: pd.DataFrame) -> None:
    """Mark the ranks with 90 to 50 % unique genes that are on the curve."""
    from matplotlib.patheffects import withStroke

    reached = table[table["n_ranks"] > 0]
    axes.scatter(reached["n_ranks"], reached["share"], s=14, color=_palette.SHAP, zorder=3)
    for _, row in reached.iterrows():
        axes.annotate(
            f"{row['share']:.0%}: top {int(row['n_ranks']):,}",
            (row["n_ranks"], row["share"]),
            xytext=(5, 2),
            textcoords="offset points",
            fontsize=6.5,
            path_effects=[withStroke(linewidth=2, foreground="white")],  # the curves are behind
        )
