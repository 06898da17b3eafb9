"""``pl.ppi``: interactions among the selected genes, compared with chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.pl import _palette, _style
from tissueshap.pl._canvas import Canvas, Options, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.ticker import SymmetricalLogLocator

_TITLES = {
    "all": "{} genes of all classes",
    "class": "{} genes of each class",
    "exclusive": "those in this class only",
}
#: An axis of counts beyond this is logarithmic above one.
_FAR = 50


@figure
def ppi(
    canvas: Canvas,
    adata: AnnData,
    *,
    source: str = "shap",
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
    """Draw the interactions among the genes of each class, and the number expected by chance.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.ppi``. Reads its table ``table``.
    source
        Whose genes to draw: ``"shap"`` or ``"de"``.
    %(groups)s
    %(figure)s

    Returns
    -------
    The figure: a panel for each kind of list; the filled mark is the number of edges,
    coloured if its adjusted p-value is below 0.05, the open mark the expected number.
    The adjusted p-value is next to them.

    Raises
    ------
    DataError
        ``tl.ppi`` was not run on these genes.

    Examples
    --------
    >>> figure = ts.pl.ppi(adata, width="page", save="ppi.pdf")
    """
    table = slots.table(adata, "ppi", "table")
    table = table[table["source"].astype(str) == source]
    if table.empty:
        raise DataError(f"tl.ppi was run without source={source!r}")
    by = table["by"].astype(str)
    lists = [name for name in ("class", "exclusive") if (by == name).any()] or ["all"]
    first = table[by == lists[0]].sort_values("n_edges", ascending=False, kind="stable")
    names = list(first["class"].astype(str))
    if lists != ["all"]:
        chosen = _style.chosen(names, groups)
        names = [name for name in names if name in chosen]
    shown = _style.texts(names, canvas.longest)
    whole = table[by == "all"]
    width = 1.2 + _style.label_length(shown) + 2.9 * len(lists)
    narrow = canvas.width is not None and canvas.width < width / 1.5
    lines, columns = (len(lists), 1) if narrow else (1, len(lists))
    height = lines * _style.rows_height(len(names), margin=1.3)
    panels = canvas.grid(width, height, lines, columns, len(lists))
    for axes, name in zip(panels, lists, strict=True):
        rows = table[by == name].set_index(table.loc[by == name, "class"].astype(str))
        _panel(axes, rows.loc[names])
        axes.set_title(_TITLES[name].format(_style.set_name(source)))
        canvas.class_rows(axes, names)
        if axes is not panels[0] and not narrow:
            axes.set_yticklabels([])
    canvas.legend_above(panels[0])
    if not whole.empty and lists != ["all"]:
        canvas.note(panels[0], _sentence(whole.iloc[0]))


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    place = np.arange(len(rows))
    edges, expected = rows["n_edges"].to_numpy(float), rows["expected"].to_numpy(float)
    sure = rows["p.adjust"].to_numpy(float) < 0.05
    axes.hlines(
        place, np.minimum(edges, expected), np.maximum(edges, expected), color=_palette.FAINT
    )
    axes.scatter(
        expected,
        place,
        s=16,
        facecolor="white",
        edgecolor=_palette.MUTED,
        linewidths=0.8,
        label="expected",
        zorder=2,
    )
    for chosen, colour, words in (
        (sure, _palette.SHAP, "observed, adjusted p < 0.05"),
        (~sure, _palette.MUTED, "observed, otherwise"),
    ):
        axes.scatter(edges[chosen], place[chosen], s=16, color=colour, label=words, zorder=3)
    axes.set_xlabel("interactions")
    axes.grid(axis="x")
    most = max(1.0, edges.max(), expected.max())
    if most > _FAR:
        axes.set_xscale("symlog", linthresh=1, linscale=0.5)
        axes.xaxis.set_major_locator(_few_powers())
        axes.set_xlim(-0.15, 2 * most)
    else:
        axes.set_xlim(-0.03 * most, 1.08 * most)
        _style.whole_numbers(axes, "x")
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(place, [_p(p).removeprefix("= ") for p in rows["p.adjust"]])
    beside.tick_params(length=0)
    beside.spines[:].set_visible(False)
    beside.set_ylabel("adjusted p")


def _few_powers() -> SymmetricalLogLocator:
    """Return a locator whose ticks do not touch in a panel of one column of a journal."""
    from matplotlib.ticker import SymmetricalLogLocator

    locator = SymmetricalLogLocator(base=10, linthresh=1)
    locator.set_params(numticks=5)
    return locator


def _sentence(row: pd.Series) -> str:
    return (
        f"all {int(row['n_genes']):,} genes together: {int(row['n_edges']):,} interactions, "
        f"{row['expected']:,.1f} expected, p {_p(row['pvalue'])}"
    )


def _p(value: float) -> str:
    """Return a p-value as text; with many edges it cannot be distinguished from 0."""
    return f"= {value:.1g}" if value > 1e-300 else "< 1e-300"
