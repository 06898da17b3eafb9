"""``pl.curves``: the model's output as genes are removed or added back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData

_PANELS = {
    "deletion": "genes replaced by another sample's",
    "insertion": "genes put into another sample",
}


@figure
def curves(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw deletion and insertion curves of each method's genes.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.trust`` with the check ``use``. Reads its table
        ``curves``.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.curves(adata, width="page", save="curves.pdf")
    """
    from matplotlib.ticker import FuncFormatter

    table = slots.table(adata, "trust", "curves")
    names = list(dict.fromkeys(table["genes"]))
    figure = canvas.figure(7.0, 3.0)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, (direction, words) in zip(panels, _PANELS.items(), strict=True):
        for place, name in enumerate(names):
            curve = table[(table["direction"] == direction) & (table["genes"] == name)]
            colour = _palette.gene_set(str(name).lower(), place - 2)
            error = curve["standard_error"].fillna(0.0)
            mean = curve["probability"]
            axes.plot(curve["n_genes"], mean, color=colour, label=_style.set_name(name))
            axes.fill_between(
                curve["n_genes"], mean - error, mean + error, color=colour, alpha=0.2, lw=0
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set(xlabel=words, title=direction, ylim=(-0.02, 1.02))
        axes.grid()
    panels[0].set_ylabel("probability of the class")
    canvas.legend_above(panels[0], ncols=5)
