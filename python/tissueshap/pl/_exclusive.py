"""``pl.exclusive``: the genes that are selected for only one class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.figure import Figure


def exclusive(
    adata: AnnData,
    label: str | None = None,
    *,
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw how many of each class's selected genes no other class shares.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes``. Reads its table ``genes``.
    %(label)s
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.exclusive(adata, save="exclusive.png")
    >>> (ts.settings.figdir / "exclusive.png").exists()
    True
    """
    names = np.asarray(slots.class_names(adata, label), dtype=object)
    genes = slots.table(adata, "select_genes", "genes")
    kinds = genes["class"].astype(str)
    total = kinds.value_counts().reindex(names, fill_value=0).to_numpy()
    own = kinds[genes["exclusive"].astype(bool)].value_counts().reindex(names, fill_value=0)
    order = np.argsort(-own.to_numpy(), kind="stable")
    rows = np.arange(len(names))
    with _style.context():
        figure = _style.new(6.2, _style.rows_height(len(names)), figsize)
        axes = figure.add_subplot()
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
        _style.class_rows(axes, names[order])
        _style.whole_numbers(axes, "x")
        axes.set_xlabel("genes")
        _style.legend_above(figure, axes)
    return _style.finish(figure, save)
