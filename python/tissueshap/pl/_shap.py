"""``pl.shap``: the genes that are evidence for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice
from tissueshap._core.selection import lowest
from tissueshap.pl import _palette, _style, _swarm, _top_names
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

#: Columns of the overview.
_MOST_GENES = 60
#: Largest number of classes whose genes are columns.
_MOST_DOTTED = 12


@figure
def shap(
    canvas: Canvas,
    adata: AnnData,
    class_name: str | None = None,
    *,
    label: str | None = None,
    n_top: int | None = None,
    groups: str | Sequence[str] | None = None,
    layer: str | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the top genes: of all classes as dots, or of one class sample by sample.

    Of up to twelve classes a dot's area is the gene's median SHAP value in a class (none
    where it is not positive), relative to the largest in that class; its colour the
    class's mean expression, from the lowest class to the highest. Of more classes there is
    a row of gene names for each, ordered so that classes with the same genes are neighbours; a
    bar is the median, and blue if the gene is in the row of no other class. For one class each
    dot is a sample explained as that class, placed by SHAP value and coloured by
    expression.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.rank_genes``. Reads ``varm["shap_median"]``,
        ``varm["shap_rank"]``, ``layers[layer]``; for one class ``layers["shap"]``
        and the table ``samples`` of ``tl.shap``.
    class_name
        One class; all of them by default.
    %(label)s
    n_top
        Number of genes per class; by default 15 for one class, and as many as fit (1 to 5)
        for all.
    groups
        Classes of the overview; all by default.
    layer
        Layer whose values give the colours; by default the classifier's input.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.shap(adata, "Liver", width="page", save="shap.pdf")
    """
    names = slots.class_names(adata, label)
    layer = slots.input_layer(adata, layer)
    if class_name is not None:
        check_choice("class_name", class_name, names)
        ranks = slots.class_frame(adata, "varm", schema.varm.shap_rank, names)
        genes = list(lowest(ranks[class_name], n_top or 15))
        _need_ranks(genes, f"{class_name!r} has")
        _swarm.draw(canvas, adata, class_name, genes, layer=layer)
        return
    drawn = _style.chosen(names, groups)
    longest = _style.label_length(_style.texts(drawn, canvas.longest))
    if len(drawn) > _MOST_DOTTED:
        n_each = n_top or _top_names.fitting(canvas.width, longest)
    else:
        n_each = n_top or _fitting(canvas.width, longest, len(drawn))
    ranks = slots.class_frame(adata, "varm", schema.varm.shap_rank, names)[drawn]
    tops = {name: list(lowest(ranks[name], n_each)) for name in drawn}
    genes = list(dict.fromkeys(gene for top in tops.values() for gene in top))
    _need_ranks(genes, "the classes have")
    medians = slots.class_frame(adata, "varm", schema.varm.shap_median, names).loc[genes, drawn]
    level = _levels(adata, names, genes, label, layer)[[names.index(name) for name in drawn]]
    share = _shares(medians.to_numpy(float).T)
    if len(drawn) > _MOST_DOTTED:
        _top_names.draw(
            canvas,
            adata,
            tops,
            pd.DataFrame(share.T, genes, drawn),
            pd.DataFrame(level.T, genes, drawn),
        )
    else:
        _dots(canvas, adata, drawn, genes, share, level)


def _fitting(width: float | None, names: float, n_classes: int) -> int:
    """Return how many genes of each class there is space for next to their names (inches)."""
    most = _MOST_GENES if width is None else max(1, int((width - names - 0.9) / 0.13))
    return int(np.clip(most // n_classes, 1, 5))


def _levels(
    adata: AnnData, names: list[str], genes: list[str], label: str | None, layer: str
) -> np.ndarray:
    """Return each class's mean of each gene, from the lowest class to the highest, 0 to 1."""
    codes = slots.class_codes(adata, label)
    values = dense(slots.require(adata, "layers", layer)[:, adata.var_names.get_indexer(genes)])
    means = pd.DataFrame(values).groupby(codes).mean().reindex(range(len(names))).to_numpy(float)
    low, span = np.nanmin(means, axis=0), np.ptp(np.nan_to_num(means, nan=means[0]), axis=0)
    levels: np.ndarray = (means - low) / np.where(span > 0, span, 1)
    return levels


def _shares(medians: np.ndarray) -> np.ndarray:
    """Return medians, classes x genes, as shares of the largest of the class; none below 0."""
    positive = np.nan_to_num(np.clip(medians, 0, None))
    shares: np.ndarray = positive / np.maximum(
        positive.max(axis=1, keepdims=True), np.finfo(float).tiny
    )
    return shares


def _need_ranks(genes: list[str], who: str) -> None:
    if not genes:
        raise DataError(
            f"{who} no ranked genes, because no sample was explained: ts.tl.shap(adata, model, "
            "samples='test') explains wrongly predicted samples too; then run ts.tl.rank_genes"
        )


def _dots(
    canvas: Canvas,
    adata: AnnData,
    names: list[str],
    genes: list[str],
    share: np.ndarray,
    level: np.ndarray,
) -> None:
    """Draw classes x genes."""
    rows, columns = np.nonzero(share > 0.05)
    axes = canvas.axes(3.6 + _style.ROW * len(genes), _style.rows_height(len(names), margin=1.5))
    dots = axes.scatter(
        columns,
        rows,
        s=60 * share[rows, columns],
        c=level[rows, columns],
        cmap=_palette.SEQUENTIAL,
        vmin=0,
        vmax=1,
        linewidths=0,
    )
    canvas.class_rows(axes, names)
    axes.grid(visible=True, axis="both")
    axes.set_xticks(range(len(genes)), _style.gene_names(adata, genes), rotation=90, style="italic")
    axes.set_xlim(-0.7, len(genes) - 0.3)
    bar = axes.figure.colorbar(dots, ax=axes, shrink=0.6, aspect=25, pad=0.01)
    bar.set_label("mean expression")
    bar.set_ticks([0, 1], labels=["low", "high"])
    sizes = [
        (f"{s:.0%}", axes.scatter([], [], s=60 * s, color=_palette.MUTED)) for s in (0.25, 0.5, 1)
    ]
    canvas.legend(
        axes,
        [handle for _, handle in sizes],
        [text for text, _ in sizes],
        title="median SHAP value, share of the class's largest",
    )
