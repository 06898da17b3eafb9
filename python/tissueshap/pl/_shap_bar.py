"""``pl.shap_bar``: the genes with the largest effect on the outputs, over all classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.selection import highest
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

#: Largest number of classes with their own colours and a legend.
_MOST_COLOURS = 8


@figure
def shap_bar(
    canvas: Canvas,
    adata: AnnData,
    label: str | None = None,
    *,
    n_top: int = 20,
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the genes with the largest values over all classes, like shap's bar plot.

    A bar is a gene's mean absolute SHAP value over the explained samples, summed over the
    classes, as ``shap.summary_plot(plot_type="bar")`` stacks it. Up to eight classes have a
    colour each. Of more, a bar shows the class that the gene moves most, by name, and all
    others together.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.shap(target="all")``. Reads ``varm["shap_mean_abs"]``.
    %(label)s
    n_top
        Number of genes.
    groups
        Classes to sum over; all by default.
    %(figure)s

    Returns
    -------
    The figure.

    Raises
    ------
    MissingSlotError
        Not every class was explained.

    Examples
    --------
    >>> figure = ts.pl.shap_bar(adata, width="page", save="shap_bar.pdf")
    """
    key = schema.varm.shap_mean_abs
    if key not in adata.varm:
        remedy = "explain every class first, ts.tl.shap(adata, model, target='all')"
        raise slots.missing_slot(f"varm[{key!r}]", remedy)
    names = slots.class_names(adata, label)
    frame = slots.class_frame(adata, "varm", key, names)[_style.chosen(names, groups)]
    values = frame.loc[highest(frame.sum(axis=1, min_count=1), n_top)]
    width = 5.2 if len(names) <= _MOST_COLOURS else 6.4
    axes = canvas.axes(width, _style.rows_height(len(values), margin=1.5))
    if len(names) <= _MOST_COLOURS:
        _stacked(axes, values)
        columns = 2 if max(map(len, names)) > 20 else 3
        canvas.legend_above(axes, ncols=columns)
    else:
        _first_and_others(axes, values, min(40, canvas.longest))
        canvas.legend_above(axes)
    _style.gene_rows(axes, adata, list(values.index))
    output = slots.table(adata, "shap", "params").get("output", "probability")
    axes.set_xlabel(f"mean absolute SHAP value ({output}), summed over the classes")


def _stacked(axes: Axes, values: pd.DataFrame) -> None:
    """Stack the classes, the one with the largest total first."""
    order = values.sum().sort_values(ascending=False, kind="stable").index
    colours = dict(zip(values.columns, _palette.classes(values.shape[1]), strict=True))
    left = np.zeros(len(values))
    for name in order:
        size = np.nan_to_num(values[name].to_numpy(float))
        shown = _style.text(name)
        axes.barh(range(len(values)), size, left=left, color=colours[name], label=shown)
        left += size


def _first_and_others(axes: Axes, values: pd.DataFrame, longest: int) -> None:
    """Draw the class with the largest value of each gene, with its name, and the rest.

    Parameters
    ----------
    axes
        Where to draw.
    values
        Genes x classes.
    longest
        Number of characters of a name.
    """
    matrix = np.nan_to_num(values.to_numpy(float))
    first, total = matrix.max(axis=1), matrix.sum(axis=1)
    rows = range(len(values))
    axes.barh(rows, first, color=_palette.SHAP, label="the class that it moves most")
    rest = "all other classes"
    axes.barh(rows, total - first, left=first, color=_palette.FAINT, label=rest)
    for row, code in zip(rows, matrix.argmax(axis=1), strict=True):
        axes.annotate(
            f"{_style.text(values.columns[code], longest)}, {first[row] / total[row]:.0%}",
            (total[row], row),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=6.5,
        )
    # Space for the names beyond the longest bars.
    axes.set_xlim(0, (1.75 if longest > 26 else 2) * total.max())
