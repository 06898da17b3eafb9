"""``pl.enrichment``: the terms that each gene list is enriched in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.labels import GENE_SETS
from tissueshap.pl import _palette, _style

if TYPE_CHECKING:
    from pathlib import Path

    from anndata import AnnData
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_TERMS = 45
_LARGEST = 90  # area of the largest dot, in points


def enrichment(
    adata: AnnData,
    *,
    n_top: int | None = None,
    size: Literal["share", "ratio"] = "share",
    key: str = "enrich",
    figsize: tuple[float, float] | None = None,
    save: str | Path | None = None,
) -> Figure:
    """Draw the top terms of each gene list: one row per term, one column per list.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.enrich``. Reads its table ``table``.
    n_top
        Number of terms per list; by default as many as fit (1 to 15).
    size
        What the area of a dot shows: the share of the list's genes that are in the term,
        or the enrichment ratio, this share over the term's share of the background.
    key
        Name of the record, if ``tl.enrich`` was run with ``key_added``.
    %(figure)s

    Returns
    -------
    The figure: a dot's colour is the adjusted p-value. A term that is in the top of one
    list is drawn for every list in which it is significant; with ``by="all"`` a list
    without terms keeps its column.

    Examples
    --------
    >>> figure = ts.pl.enrichment(adata, save="enrichment.png")
    >>> (ts.settings.figdir / "enrichment.png").exists()
    True
    """
    table = slots.table(adata, key, "table")
    if table.empty:
        return _style.finish(_nothing(figsize), save)
    lists = _lists(table, slots.table(adata, key, "lists"))
    n_each = n_top or int(np.clip(_MOST_TERMS // len(lists), 1, 15))
    best = table.sort_values("pvalue", kind="stable").groupby(["source", "class"]).head(n_each)
    place = {key: i for i, key in enumerate(lists)}
    columns = pd.Series(
        [place[key] for key in zip(best["source"], best["class"], strict=True)], index=best.index
    )
    terms = list(dict.fromkeys(best.loc[columns.sort_values(kind="stable").index, "ID"]))
    shown = table[table["ID"].isin(terms)]
    names = shown.drop_duplicates("ID").set_index("ID")["Description"]
    named, columns_named = _style.texts(names.loc[terms], 60), _list_names(lists)
    column = max(0.2, 0.4 - 0.05 * len(lists))
    width = 1.6 + _style.label_length(named) + max(0.8, column * len(lists))
    height = 0.8 + _style.label_length(columns_named) + max(1.8, _style.ROW * len(terms))
    with _style.context():
        figure = _style.new(width, height, figsize)
        axes = figure.add_subplot()
        _dots(figure, axes, shown, terms, place, size)
        axes.tick_params(axis="y", length=0)
        axes.set_yticks(range(len(terms)), named)
        axes.set_ylim(len(terms) - 0.4, -0.6)
        axes.grid(visible=True, axis="both")
        axes.set_xticks(range(len(lists)), columns_named, rotation=90)
        axes.set_xlim(-0.6, len(lists) - 0.4)
    return _style.finish(figure, save)


def _lists(table: pd.DataFrame, tested: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the lists to draw, in the order in which they were tested.

    With one list per class, lists without terms are not drawn; a class may be called "all".
    """
    with_terms, all_lists = (
        dict.fromkeys(zip(t["source"].astype(str), t["class"].astype(str), strict=True))
        for t in (table, tested)
    )
    whole = tested["source"].is_unique
    return list({**all_lists, **with_terms} if whole else with_terms)


def enrichment_ratio(table: pd.DataFrame) -> pd.Series:
    """Return each term's share of the list over its share of the background.

    clusterProfiler calls it FoldEnrichment.

    Parameters
    ----------
    table
        As ``tl.enrich`` writes it; reads ``GeneRatio`` and ``BgRatio``.
    """
    return _share(table["GeneRatio"]) / _share(table["BgRatio"])


def _share(ratios: pd.Series) -> pd.Series:
    """Return ``"3/40"`` as a number."""
    pairs = [str(ratio).split("/") for ratio in ratios]
    return pd.Series([float(a) / float(b) for a, b in pairs], index=ratios.index, dtype=float)


def _dots(
    figure: Figure,
    axes: Axes,
    shown: pd.DataFrame,
    terms: list[str],
    place: dict[tuple[str, str], int],
    size: str,
) -> None:
    ratio = _share(shown["GeneRatio"]) if size == "share" else enrichment_ratio(shown)
    x = [place[key] for key in zip(shown["source"], shown["class"], strict=True)]
    rows = pd.Series(range(len(terms)), index=terms)
    strength = -np.log10(np.maximum(shown["p.adjust"], 1e-300))
    top = float(ratio.max())
    dots = axes.scatter(
        x,
        rows.loc[shown["ID"]],
        s=_LARGEST * ratio / top,
        c=strength,
        cmap=_palette.SEQUENTIAL + "_r",
        vmin=0,
        linewidths=0,
    )
    bar = figure.colorbar(
        dots, ax=axes, shrink=1.0 if len(terms) < 20 else 0.5, aspect=20, pad=0.02
    )
    bar.set_label("−log10 adjusted p-value")
    steps = [top / 4, top / 2, top]
    handles = [axes.scatter([], [], s=_LARGEST * s / top, color=_palette.MUTED) for s in steps]
    figure.legend(
        handles,
        [f"{step:.1%}" if size == "share" else f"{step:.3g}" for step in steps],
        loc="outside upper left",
        ncols=3,
        title="share of the list's genes" if size == "share" else "enrichment ratio",
        title_fontsize=7,
    )


def _list_names(lists: list[tuple[str, str]]) -> list[str]:
    """Return what distinguishes the lists: the source, the class, or both."""
    several = len({source for source, _ in lists}) > 1
    whole = all(name == "all" for _, name in lists)
    named = []
    for source, name in lists:
        spoken = GENE_SETS.get(source, source)
        named.append(spoken if whole else f"{name} ({spoken})" if several else name)
    return _style.texts(named)


def _nothing(figsize: tuple[float, float] | None) -> Figure:
    with _style.context():
        figure = _style.new(4.0, 1.0, figsize)
        figure.text(0.5, 0.5, "no term passes the cut-offs", ha="center", va="center")
    return figure
