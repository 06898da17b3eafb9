"""The names of the top genes of many classes, a row for each class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.axes import Axes

    from tissueshap.pl._canvas import Canvas

#: Inches of a gene with its bar, and of the tree.
_CELL = 0.75
_TREE = 0.5
_MOST = 5
#: Of a gene that is in the row of its class only: a light tint of SHAP's blue.
_OWN = "#A9D0EA"
_LONGEST = 11


def fitting(width: float | None, names: float) -> int:
    """Return how many genes of each class there is space for.

    Parameters
    ----------
    width
        Of the figure in inches, if it is fixed; otherwise it is as wide as a page.
    names
        Inches of the longest name of a class.
    """
    return int(np.clip(((width or _style.PAGE) - names - 1.1 * _TREE) // _CELL, 1, _MOST))


def draw(
    canvas: Canvas,
    adata: AnnData,
    tops: dict[str, list[str]],
    share: pd.DataFrame,
    level: pd.DataFrame,
) -> None:
    """Draw each class's top genes by name, with the tree of the classes.

    Parameters
    ----------
    canvas
        Where to draw.
    adata
        For the symbols.
    tops
        The genes of each class, the first one first.
    share, level
        Genes x classes: median SHAP value as a share of the class's largest, and mean
        expression from the lowest class to the highest.
    """
    from scipy.cluster.hierarchy import dendrogram

    names = list(tops)
    n_top = max(map(len, tops.values()))
    tree = _style.tree(_distances(share.to_numpy(float).T))
    drawn = dendrogram(tree, no_plot=True)
    order = drawn["leaves"]
    shown = _style.texts(names, canvas.longest)
    width = _style.label_length(shown) + _CELL * n_top + _TREE
    axes = canvas.axes(
        max(width, _style.PAGE if n_top == _MOST else 0),
        _style.rows_height(len(names), margin=1.0),
    )
    times = pd.Series([gene for top in tops.values() for gene in top]).value_counts()
    cells = [
        (row, column, gene, names[code])
        for row, code in enumerate(order)
        for column, gene in enumerate(tops[names[code]])
    ]
    frame = pd.DataFrame(cells, columns=["row", "column", "gene", "class"])
    genes = share.index.get_indexer(pd.Index(frame["gene"]))
    classes = share.columns.get_indexer(pd.Index(frame["class"]))
    frame["share"] = share.to_numpy()[genes, classes]
    frame["level"] = level.to_numpy()[genes, classes]
    own = (times[frame["gene"]] == 1).to_numpy()
    _bars(axes, frame, own)
    known = _style.gene_names(adata, list(frame["gene"]))
    for (_, cell), name in zip(frame.iterrows(), known, strict=True):
        axes.text(
            cell["column"] + 0.12,
            cell["row"],
            _style.text(name, _LONGEST),
            fontsize=5.5,
            style="italic",
            va="center",
        )
    dots = axes.scatter(
        frame["column"] + 0.06,
        frame["row"],
        c=frame["level"],
        cmap=_palette.SEQUENTIAL,
        vmin=0,
        vmax=1,
        s=9,
        linewidths=0,
    )
    _tree(axes, drawn, n_top)
    canvas.class_rows(axes, [names[code] for code in order])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(
        [column + 0.45 for column in range(n_top)], [str(column + 1) for column in range(n_top)]
    )
    axes.tick_params(axis="x", length=0)
    axes.set(xlim=(-0.05, n_top + _TREE / _CELL), xlabel="rank of the gene in the class")
    bar = axes.figure.colorbar(
        dots, ax=axes, location="bottom", shrink=0.3, aspect=25, pad=0.01, anchor=(1.0, 1.0)
    )
    bar.set_label("mean expression", fontsize=7)
    bar.set_ticks([0, 1], labels=["low", "high"])
    canvas.legend_above(axes, ncols=2)


def _distances(rows: np.ndarray) -> np.ndarray:
    """Return how different the genes of classes are, as one minus the cosine of their values."""
    from scipy.spatial.distance import pdist

    found = pdist(rows + 1e-9, "cosine")
    return np.asarray(np.clip(found, 0, None))


def _bars(axes: Axes, frame: pd.DataFrame, own: np.ndarray) -> None:
    for of, colour, words in (
        (own, _OWN, "median SHAP value, gene in no other row"),
        (~own, _palette.FAINT, "gene in several rows"),
    ):
        if not of.any():
            continue
        axes.barh(
            frame.loc[of, "row"],
            0.88 * frame.loc[of, "share"],
            left=frame.loc[of, "column"] + 0.1,
            height=0.82,
            color=colour,
            label=words,
        )


def _tree(axes: Axes, drawn: dict[str, list[list[float]]], n_top: int) -> None:
    """Draw which classes have the same genes, right of them."""
    highest = max(max(heights) for heights in drawn["dcoord"]) or 1.0
    for places, heights in zip(drawn["icoord"], drawn["dcoord"], strict=True):
        rows = [place / 10 - 0.5 for place in places]
        columns = [n_top + 0.05 + 0.95 * _TREE / _CELL * height / highest for height in heights]
        axes.plot(columns, rows, color=_palette.MUTED, linewidth=0.6)
