"""``pl.per_class``: how many of a class's SHAP genes DE calls in that class."""

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
def per_class(
    canvas: Canvas,
    adata: AnnData,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the share of each class's SHAP genes that are DE genes of it, up and down.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.compare``. Reads its table ``per_class``.
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.per_class(adata, width="page", save="per_class.pdf")
    """
    table = slots.table(adata, "compare", "per_class")
    table = _style.of_chosen(table, groups)
    table = table.sort_values(["fraction", "n_shap"], ascending=False, kind="stable")
    n_shap = table["n_shap"].to_numpy(dtype=float)
    up, down, expected = (
        np.divide(table[name], n_shap, out=np.zeros(len(table)), where=n_shap > 0)
        for name in ("n_up", "n_down", "expected")
    )
    rows = np.arange(len(table))
    axes = canvas.axes(6.4, _style.rows_height(len(table)))
    axes.barh(rows, up, color=_palette.UP, height=0.75, label="up in the class")
    axes.barh(rows, down, left=up, color=_palette.DOWN, height=0.75, label="down")
    axes.vlines(
        expected,
        rows - 0.45,
        rows + 0.45,
        color=_palette.INK,
        linewidth=1.4,
        label="expected by chance",
    )
    right = axes.secondary_yaxis("right")
    right.set_yticks(rows, [f"{int(n):,}" for n in n_shap])
    right.tick_params(length=0)
    right.spines[:].set_visible(False)
    right.set_ylabel("SHAP genes of the class")
    canvas.class_rows(axes, table["class"])
    axes.set_xlim(0, 1)
    _style.percent(axes, "x")
    axes.set_xlabel("share of the class's SHAP genes that DE also calls")
    canvas.legend_above(axes)
