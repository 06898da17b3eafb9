"""``pl.stability``: how many SHAP genes of each class another cohort shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData


@figure
def stability(
    canvas: Canvas,
    adata: AnnData,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the share of each class's SHAP genes that another cohort also selects.

    Left: the share among the top ranks; right: the rank-biased overlap of the rankings; open
    marks are what chance gives. The false discovery rate of the overlap is below 0.05 where
    the dot is filled.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.stability``. Reads its table ``per_class``.
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.stability(adata, width="page", save="stability.pdf")
    """
    table = slots.table(adata, "stability", "per_class")
    table = _style.of_chosen(table, groups)
    table = table.sort_values(["fraction", "rbo"], ascending=False, kind="stable")
    own, other = table["class"].astype(str), table["other"].astype(str)
    names = [a if a == b else f"{a} / {b}" for a, b in zip(own, other, strict=True)]
    rows = np.arange(len(table))
    n_top = int(slots.table(adata, "stability", "n_top"))
    sure = table["fdr"].to_numpy(float) < 0.05
    panels_of = (
        (table["fraction"], table["expected"] / n_top, f"of the top {n_top:,} genes, shared"),
        (table["rbo"], table["rbo_expected"], "rank-biased overlap"),
    )
    figure = canvas.figure(7.2, _style.rows_height(len(names), margin=1.3))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (shares, chance, words) in zip(panels, panels_of, strict=True):
        values, random = shares.to_numpy(float), chance.to_numpy(float)
        axes.hlines(rows, random, values, color=_palette.FAINT, linewidth=2, zorder=1)
        axes.scatter(
            random, rows, s=20, facecolor="white", edgecolor=_palette.MUTED, label="by chance"
        )
        axes.scatter(
            values[sure], rows[sure], s=20, color=_palette.SHAP, label="observed, FDR < 0.05"
        )
        if not sure.all():
            axes.scatter(
                values[~sure],
                rows[~sure],
                s=20,
                facecolor="white",
                edgecolor=_palette.SHAP,
                label="observed, FDR ≥ 0.05",
            )
        canvas.class_rows(axes, names)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xlabel(words)
    _style.percent(panels[0], "x")
    canvas.legend_above(panels[0])
