"""``pl.modules``: the modules of genes, or gene sets, that give each class its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes

_MOST_ROWS = 45
_LARGEST = 90  # area of the largest dot, in points


@figure
def modules(
    canvas: Canvas,
    adata: AnnData,
    *,
    n_top: int | None = None,
    key: str = "modules",
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the first modules of each class: one row per module, one column per class.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.modules``. Reads its table ``values``.
    n_top
        Number of modules per class; by default as many as fit (1 to 10).
    key
        Name of the record, if ``tl.modules`` was run with ``key_added``.
    groups
        Classes to draw; all by default.
    %(figure)s

    Returns
    -------
    The figure: a dot's area is the sum of the SHAP values of the module's genes, its colour the
    distance from the sum of as many random genes. A module that is among the first of one class
    is drawn for every class in whose table it is. Modules of co-expressed genes are named after
    their genes of the highest ranks.

    Examples
    --------
    >>> ts.tl.modules(adata, min_correlation=0.5)
    >>> figure = ts.pl.modules(adata, save="modules.png")
    >>> (ts.settings.figdir / "modules.png").exists()
    True
    """
    table = slots.table(adata, key, "values")
    names = list(dict.fromkeys(table["class"].astype(str)))
    classes = _style.chosen(names, groups)
    table = table[table["class"].isin(classes)]
    n_each = n_top or int(np.clip(_MOST_ROWS // len(classes), 1, 10))
    first = list(dict.fromkeys(table.loc[table["rank"] <= n_each, "module"].astype(str)))
    shown = table[table["module"].isin(first)]
    titles = shown.drop_duplicates("module").set_index("module")["name"].loc[first]
    longest = 60 if canvas.longest == _style.LONGEST else canvas.longest
    rows, columns = _style.texts(titles, longest), _style.texts(classes)
    width = 1.9 + _style.label_length(rows) + max(0.8, 0.22 * len(classes))
    height = 0.8 + _style.label_length(columns) + max(1.8, _style.ROW * len(first))
    axes = canvas.axes(width, height)
    _dots(canvas, axes, shown, first, classes)
    axes.tick_params(axis="y", length=0)
    axes.set_yticks(range(len(first)), rows, fontsize=7 if len(first) <= _MOST_ROWS else 6)
    axes.set_ylim(len(first) - 0.4, -0.6)
    axes.grid(visible=True, axis="both")
    points = 7.0
    if canvas.width is not None:
        room = canvas.width - _style.label_length(rows) - 1.4
        points = float(np.clip(0.75 * 72 * room / len(classes), 4, 7))
    axes.set_xticks(range(len(classes)), columns, rotation=90, fontsize=points)
    axes.set_xlim(-0.6, len(classes) - 0.4)


def _dots(
    canvas: Canvas, axes: Axes, shown: pd.DataFrame, rows: list[str], columns: list[str]
) -> None:
    size = np.maximum(shown["value"].to_numpy(float), 0.0)
    top = float(size.max()) or 1.0
    dots = axes.scatter(
        pd.Series(range(len(columns)), index=columns).loc[shown["class"]],
        pd.Series(range(len(rows)), index=rows).loc[shown["module"]],
        s=_LARGEST * size / top,
        c=np.nan_to_num(shown["z"].to_numpy(float)),
        cmap=_palette.SEQUENTIAL + "_r",
        vmin=0,
        linewidths=0,
    )
    bar = axes.figure.colorbar(
        dots, ax=axes, shrink=1.0 if len(rows) < 20 else 0.5, aspect=20, pad=0.02
    )
    bar.set_label("standard errors above random genes")
    steps = [top / 4, top / 2, top]
    handles = [axes.scatter([], [], s=_LARGEST * s / top, color=_palette.MUTED) for s in steps]
    canvas.legend(axes, handles, [f"{step:.2g}" for step in steps], title="sum of SHAP values")
