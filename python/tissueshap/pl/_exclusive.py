"""``pl.exclusive``: the genes that are selected for only one class."""

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
def exclusive(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw how many of each class's selected genes no other class shares.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``. Reads its table ``genes``.
    %(label)s
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.exclusive(adata, width="page", save="exclusive.pdf")
    """
    names = np.asarray(slots.class_names(adata, label), dtype=object)
    genes = slots.table(adata, "select_genes", "genes")
    kinds = genes["class"].astype(str)
    total = kinds.value_counts().reindex(names, fill_value=0).to_numpy()
    own = kinds[genes["exclusive"].astype(bool)].value_counts().reindex(names, fill_value=0)
    order = np.argsort(-own.to_numpy(), kind="stable")
    order = order[np.isin(names[order], _style.chosen(list(names), groups))]
    rows = np.arange(len(order))
    axes = canvas.axes(6.2, _style.rows_height(len(order)))
    axes.barh(rows, total[order], color=_palette.FAINT, height=0.75, label="selected genes")
    axes.barh(
        rows,
        own.to_numpy()[order],
        color=_palette.SHAP,
        height=0.75,
        label="in this class only",
    )
    for row, value, end in zip(rows, own.to_numpy()[order], total[order], strict=True):
        axes.annotate(
            f"{value:,}",
            (end, row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
        )
    axes.set_xlim(0, max(1, total.max()) * 1.1)
    canvas.class_rows(axes, names[order])
    _style.whole_numbers(axes, "x")
    axes.set_xlabel("genes")
    canvas.legend_above(axes)
