"""``pl.shap``: the genes that are evidence for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap._core.selection import lowest
from tissueshap.pl import _palette, _style, _swarm

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.figure import Figure

#: Columns of the overview.
_MOST_GENES = 60


def shap(
    adata: AnnData,
    class_name: str | None = None,
    *,
    label: str | None = None,
    n_top: int | None = None,
    layer: str = "log2",
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the top genes: of all classes as dots, or of one class sample by sample.

    In the overview a dot's area is the gene's median SHAP value in a class (none
    where it is not positive), relative to the largest in that class; its colour the
    class's mean expression, from the lowest class to the highest. For one class each
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
    layer
        Layer whose values give the colours.
    %(figure)s

    Returns
    -------
    The figure.

    Examples
    --------
    >>> figure = ts.pl.shap(adata, "Liver", save="shap.png")
    >>> (ts.settings.figdir / "shap.png").exists()
    True
    """
    names = slots.class_names(adata, label)
    medians = slots.class_frame(adata, "varm", schema.varm.shap_median, names)
    ranks = slots.class_frame(adata, "varm", schema.varm.shap_rank, names)
    if class_name is not None:
        if class_name not in names:
            raise DataError(
                f"class_name must be one of the classes {names[:5]}, not {class_name!r}"
            )
        genes = list(lowest(ranks[class_name], n_top or 15))
        _need_ranks(genes, f"{class_name!r} has")
        with _style.context():
            figure = _swarm.draw(adata, class_name, genes, layer=layer, figsize=figsize)
        return _style.finish(figure, save)
    n_each = n_top or int(np.clip(_MOST_GENES // len(names), 1, 5))
    genes = list(dict.fromkeys(gene for name in names for gene in lowest(ranks[name], n_each)))
    _need_ranks(genes, "the classes have")
    codes = slots.class_codes(adata, label)
    values = slots.require(adata, "layers", layer)[:, adata.var_names.get_indexer(genes)]
    means = pd.DataFrame(values).groupby(codes).mean().to_numpy(float)
    with _style.context():
        figure = _dots(adata, names, genes, medians.loc[genes].to_numpy(float).T, means, figsize)
    return _style.finish(figure, save)


def _need_ranks(genes: list[str], who: str) -> None:
    if not genes:
        raise DataError(
            f"{who} no ranked genes, because no sample was explained: ts.tl.shap(adata, model, "
            "samples='test') explains wrongly predicted samples too; then run ts.tl.rank_genes"
        )


def _dots(
    adata: AnnData,
    names: list[str],
    genes: list[str],
    medians: np.ndarray,
    means: np.ndarray,
    figsize: tuple[float, float] | None,
) -> Figure:
    """Draw classes x genes."""
    positive = np.nan_to_num(np.clip(medians, 0, None))
    share = positive / np.maximum(positive.max(axis=1, keepdims=True), np.finfo(float).tiny)
    span = np.ptp(means, axis=0)
    level = (means - means.min(axis=0)) / np.where(span > 0, span, 1)
    rows, columns = np.nonzero(share > 0.05)
    figure = _style.new(
        3.6 + _style.ROW * len(genes), _style.rows_height(len(names), margin=1.5), figsize
    )
    axes = figure.add_subplot()
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
    _style.class_rows(axes, names)
    axes.grid(visible=True, axis="both")
    axes.set_xticks(range(len(genes)), _style.gene_names(adata, genes), rotation=90, style="italic")
    axes.set_xlim(-0.7, len(genes) - 0.3)
    bar = figure.colorbar(dots, ax=axes, shrink=0.6, aspect=25, pad=0.01)
    bar.set_label("mean expression")
    bar.set_ticks([0, 1], labels=["low", "high"])
    sizes = [
        (f"{s:.0%}", axes.scatter([], [], s=60 * s, color=_palette.MUTED)) for s in (0.25, 0.5, 1)
    ]
    figure.legend(
        [handle for _, handle in sizes],
        [text for text, _ in sizes],
        loc="outside upper left",
        ncols=3,
        title="median SHAP value, share of the class's largest",
        title_fontsize=7,
    )
    return figure
