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
    from matplotlib.ticker import FixedLocator, SymmetricalLogLocator

_TITLES = {
    "all": "{} genes of all classes",
    "class": "{} genes of each class",
    "exclusive": "those in this class only",
}
#: An axis of counts beyond this is logarithmic above one.
_FAR = 50
#: Characters of a name next to two panels in one column of a journal.
_SHORT = 20


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
    height = _style.rows_height(len(names), margin=1.3)
    narrow = canvas.width is not None and canvas.width < width / 1.5
    # Panels below each other are easier to read, as long as they fit on a page.
    narrow = narrow and len(lists) * height <= _style.PAGE_HEIGHT
    tight = not narrow and canvas.longest < _style.LONGEST and len(lists) > 1
    lines, columns = (len(lists), 1) if narrow else (1, len(lists))
    height *= lines
    panels = canvas.grid(width, height, lines, columns, len(lists))
    for axes, name in zip(panels, lists, strict=True):
        rows = table[by == name].set_index(table.loc[by == name, "class"].astype(str))
        _panel(axes, rows.loc[names], tight=tight)
        axes.set_title(_TITLES[name].format(_style.set_name(source)))
        _style.class_rows(axes, names, _SHORT if tight else canvas.longest)
        if axes is not panels[0] and not narrow:
            axes.set_yticklabels([])
    canvas.legend_above(panels[0])
    if not whole.empty and lists != ["all"]:
        canvas.note(panels[0], _sentence(whole.iloc[0]))


def _panel(axes: Axes, rows: pd.DataFrame, *, tight: bool) -> None:
    """Draw one kind of lists; ``tight`` if panels share the width of one column of a journal."""
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
        axes.xaxis.set_major_locator(_every_second_power(most) if tight else _few_powers())
        axes.set_xlim(-0.15, 2 * most)
    else:
        axes.set_xlim(-0.03 * most, 1.08 * most)
        _style.whole_numbers(axes, "x")
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(place, [_p(p).removeprefix("= ") for p in rows["p.adjust"]])
    beside.tick_params(length=0)
    beside.spines[:].set_visible(False)
    if tight:
        beside.tick_params(labelsize=5, pad=1)
        axes.set_xlabel("interactions\n(right: adjusted p)")
    else:
        beside.set_ylabel("adjusted p")


def _every_second_power(most: float) -> FixedLocator:
    from matplotlib.ticker import FixedLocator

    largest = int(np.log10(most))
    return FixedLocator([0, *(10.0**k for k in range(largest, 0, -2))])


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
