"""``pl.enrichment``: the terms that each gene list is enriched in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Unpack

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.labels import GENE_SETS
from tissueshap.pl import _style
from tissueshap.pl._canvas import Canvas, Options, figure
from tissueshap.pl._dot_matrix import Measure, dot_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anndata import AnnData

_MOST_TERMS = 45


@figure
def enrichment(
    canvas: Canvas,
    adata: AnnData,
    *,
    n_top: int | None = None,
    size: Literal["share", "ratio"] = "share",
    key: str = "enrich",
    groups: str | Sequence[str] | None = None,
    **options: Unpack[Options],
) -> None:
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
    groups
        Classes whose lists are drawn; all by default.
    %(figure)s

    Returns
    -------
    The figure: a dot's colour is the adjusted p-value. A term that is in the top of one
    list is drawn for every list in which it is significant; with ``by="all"`` a list
    without terms keeps its column.

    Examples
    --------
    >>> figure = ts.pl.enrichment(adata, width="page", save="enrichment.pdf")
    """
    table = slots.table(adata, key, "table")
    tested = slots.table(adata, key, "lists")
    if groups is not None:
        wanted = _style.chosen(list(dict.fromkeys(tested["class"].astype(str))), groups)
        table, tested = (each[each["class"].astype(str).isin(wanted)] for each in (table, tested))
    if table.empty:
        axes = canvas.axes(4.0, 1.0)
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no term passes the cut-offs", ha="center", va="center")
        return
    lists = _lists(table, tested)
    n_each = n_top or int(np.clip(_MOST_TERMS // len(lists), 1, 15))
    best = table.sort_values("pvalue", kind="stable").groupby(["source", "class"]).head(n_each)
    place = {key: i for i, key in enumerate(lists)}
    columns = pd.Series(
        [place[key] for key in zip(best["source"], best["class"], strict=True)], index=best.index
    )
    terms = list(dict.fromkeys(best.loc[columns.sort_values(kind="stable").index, "ID"]))
    shown = table[table["ID"].isin(terms)]
    names = shown.drop_duplicates("ID").set_index("ID")["Description"]
    longest = 60 if canvas.longest == _style.LONGEST else canvas.longest
    at = pd.Series(range(len(terms)), index=terms)
    keys = zip(shown["source"], shown["class"], strict=True)
    is_share = size == "share"
    ratio = _share(shown["GeneRatio"]) if is_share else enrichment_ratio(shown)
    strength = -np.log10(np.maximum(shown["p.adjust"], 1e-300))
    dot_matrix(
        canvas,
        _style.texts(names.loc[terms], longest),
        _list_names(lists),
        (at.loc[shown["ID"]].to_numpy(), np.array([place[key] for key in keys])),
        area=Measure(
            ratio.to_numpy(float),
            "share of the list's genes" if is_share else "enrichment ratio",
            ("{:.1%}" if is_share else "{:.3g}").format,
        ),
        colour=Measure(strength.to_numpy(float), "−log10 adjusted p-value"),
        column_width=max(0.2, 0.4 - 0.05 * len(lists)),
    )


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


def _list_names(lists: list[tuple[str, str]]) -> list[str]:
    """Return what distinguishes the lists: the source, the class, or both."""
    several = len({source for source, _ in lists}) > 1
    whole = all(name == "all" for _, name in lists)
    named = []
    for source, name in lists:
        spoken = GENE_SETS.get(source, source)
        named.append(spoken if whole else f"{name} ({spoken})" if several else name)
    return _style.texts(named)
