"""``pl.vmeasure``: how well each gene set clusters the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from anndata import AnnData

_MEASURES = ("v_measure", "homogeneity", "completeness")
#: Number of starts drawn as points; the boxes include all.
_MOST_POINTS = 400


@figure
def vmeasure(
    canvas: Canvas,
    adata: AnnData,
    **options: Unpack[Options],
) -> None:
    """Draw V-measure, homogeneity and completeness of all k-means starts by gene set.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.cluster``. Reads its table ``v_measure``.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.vmeasure(adata, width="page", save="vmeasure.pdf")
    """
    table = slots.table(adata, "cluster", "v_measure")
    sets = list(dict.fromkeys(table["gene_set"]))
    place = {
        name: i for i, name in enumerate(name for name in sets if name not in _palette.GENE_SETS)
    }
    rng = np.random.default_rng(0)
    figure = canvas.figure(7.4, max(2.0, 0.9 + 0.38 * len(sets)))
    panels = figure.subplots(1, len(_MEASURES), sharey=True)
    for axes, measure in zip(panels, _MEASURES, strict=True):
        for row, name in enumerate(sets):
            values = table.loc[table["gene_set"] == name, measure].to_numpy(float)
            colour = _palette.gene_set(name, place.get(name, 0))
            few = rng.permutation(values)[:_MOST_POINTS]
            jitter = rng.uniform(-0.28, 0.28, len(few))
            axes.scatter(few, row + jitter, s=4, color=colour, alpha=0.4, linewidths=0)
            axes.boxplot(
                [values],
                positions=[row],
                orientation="horizontal",
                widths=0.6,
                showfliers=False,
                medianprops={"color": _palette.INK, "linewidth": 1.4},
                boxprops={"linewidth": 0.8},
                manage_ticks=False,
            )
        axes.set_xlabel(measure.replace("v_measure", "V-measure"))
        axes.grid(axis="x")
    panels[0].set_yticks(range(len(sets)), [_style.set_name(name) for name in sets])
    panels[0].set_ylim(len(sets) - 0.5, -0.5)
