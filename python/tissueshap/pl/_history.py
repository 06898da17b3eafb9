"""``pl.history``: the course of the training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData


@figure
def history(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw loss and accuracy by epoch, on the training and the validation samples.

    Of several networks (``tl.cnn(n_models=...)``) the mean.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.cnn``. Reads the table ``history`` of its record.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.history(adata, width="page", save="history.pdf")
    """
    table = slots.table(adata, "cnn", "history")
    if "model" in table:
        table = table.groupby("epoch", as_index=False).mean()
    epochs = table["epoch"] if "epoch" in table else np.arange(1, len(table) + 1)
    figure = canvas.figure(6.2, 2.6)
    panels = figure.subplots(1, 2)
    for axes, measure in zip(panels, ("loss", "accuracy"), strict=True):
        for column, name, colour in (
            (measure, "training", _palette.SHAP),
            (f"val_{measure}", "validation", _palette.UP),
        ):
            if column in table and table[column].notna().any():
                axes.plot(
                    epochs, table[column], color=colour, label=name, marker="o", markersize=2.5
                )
        axes.set(xlabel="epoch", ylabel=measure)
        axes.grid()
        _style.whole_numbers(axes, "x")
    panels[0].set_ylim(bottom=0)
    canvas.legend_above(panels[0])
