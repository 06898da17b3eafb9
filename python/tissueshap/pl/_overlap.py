"""``pl.overlap``: SHAP genes and DE genes as area-proportional circles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette
from tissueshap.pl._canvas import Canvas, Options, figure
from tissueshap.pl._euler import circles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

_MOST_PANELS = 4


@figure
def overlap(
    canvas: Canvas,
    adata: AnnData,
    *,
    ranks: Sequence[int] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the overlap of the selected SHAP genes, and of other rank cut-offs, with DE genes.

    All circles have one scale: an area is a number of genes.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.compare``. Reads its counts and ``by_rank``.
    ranks
        Rank cut-offs of ``by_rank`` to draw in addition to the selection; three of them
        by default.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.overlap(adata, width="page", save="overlap.pdf")
    """
    record = {
        name: slots.table(adata, "compare", name)
        for name in ("n_shap", "n_de", "n_both", "expected", "pvalue", "by_rank")
    }
    panels = [("selected SHAP genes", record)]
    panels += [
        (f"top {int(row['n_ranks']):,} rank{'s' if row['n_ranks'] > 1 else ''}", row)
        for row in _other_cutoffs(record["by_rank"], ranks)
    ]
    reach = 2 * np.sqrt(max(max(row["n_shap"], row["n_de"], 1) for _, row in panels) / np.pi)
    columns = len(panels)
    if canvas.width is not None:
        columns = max(1, min(columns, int(canvas.width / 1.7)))
    lines = -(-len(panels) // columns)
    grid = canvas.grid(2.3 * columns, 3.1 * lines, lines, columns, len(panels))
    for axes, (title, row) in zip(grid, panels, strict=True):
        _diagram(axes, row, reach)
        axes.set_title(title, loc="center")


def _other_cutoffs(by_rank: pd.DataFrame, ranks: Sequence[int] | None) -> list[Any]:
    others = by_rank[~by_rank["selected"].astype(bool)]
    if ranks is not None:
        others = others[others["n_ranks"].isin(list(ranks))]
    elif len(others) >= _MOST_PANELS:
        places = np.linspace(0, len(others) - 1, _MOST_PANELS - 1).round().astype(int)
        others = others.iloc[places]
    return [row for _, row in others.iterrows()]


def _diagram(axes: Axes, row: Any, reach: float) -> None:
    """Draw two circles with their numbers below, because areas may be too small for them."""
    from matplotlib.patches import Circle

    n_shap, n_de, n_both = (int(row[name]) for name in ("n_shap", "n_de", "n_both"))
    first, second, distance = circles(n_shap, n_de, n_both)
    # Centre the whole figure on zero.
    left = (min(-first, distance - second) + max(first, distance + second)) / 2
    for radius, x, colour in ((second, distance, _palette.DE), (first, 0.0, _palette.SHAP)):
        if radius > 0:
            axes.add_patch(
                Circle((x - left, 0), radius, facecolor=colour, alpha=0.5, edgecolor="none")
            )
            axes.add_patch(Circle((x - left, 0), radius, fill=False, edgecolor=colour, linewidth=1))
    axes.set(xlim=(-0.75 * reach, 0.75 * reach), ylim=(-0.55 * reach, 0.55 * reach))
    axes.set_aspect("equal")
    axes.set_axis_off()
    share = f"{n_both / n_shap:.1%} of SHAP" if n_shap else "no SHAP gene"
    lines = (
        (f"SHAP only  {n_shap - n_both:,}", _palette.SHAP),
        (f"both  {n_both:,}  ({share})", _palette.BOTH),
        (f"DE only  {n_de - n_both:,}", "#9C6B00"),
        (f"expected {row['expected']:,.1f}, p = {row['pvalue']:.2g}", _palette.MUTED),
    )
    for place, (line, colour) in enumerate(lines):
        axes.annotate(
            line,
            (0.5, 0),
            xycoords="axes fraction",
            xytext=(0, -6 - 11 * place),
            textcoords="offset points",
            ha="center",
            va="top",
            color=colour,
            fontsize=7.5,
        )
