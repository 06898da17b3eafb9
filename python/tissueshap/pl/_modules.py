"""``pl.modules``: the modules of genes, or gene sets, that give each class its values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap.pl import _style
from tissueshap.pl._canvas import Canvas, Options, figure
from tissueshap.pl._dot_matrix import Measure, dot_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

_MOST_ROWS = 45


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
    >>> figure = ts.pl.modules(adata, width="page", save="modules.pdf")
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
    row = pd.Series(range(len(first)), index=first)
    column = pd.Series(range(len(classes)), index=classes)
    dot_matrix(
        canvas,
        _style.texts(titles, longest),
        _style.texts(classes),
        (row.loc[shown["module"]].to_numpy(), column.loc[shown["class"]].to_numpy()),
        area=Measure(np.maximum(shown["value"].to_numpy(float), 0.0), "sum of SHAP values"),
        colour=Measure(
            np.nan_to_num(shown["z"].to_numpy(float)), "standard errors above random genes"
        ),
        column_width=0.22,
    )
