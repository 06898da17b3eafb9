"""``get.genes``: the genes of each class, with what the verbs found about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.called import called
from tissueshap._core.options import check_choice, check_number

if TYPE_CHECKING:
    from anndata import AnnData

_WORDS = {1.0: "up", -1.0: "down"}


def genes(
    adata: AnnData,
    group: str | Sequence[str] | None = None,
    *,
    n: int | None = 10,
    label: str | None = None,
    key_added: str | None = None,
) -> pd.DataFrame:
    """Return the top genes of each class as a tidy table.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.rank_genes``.
    group
        One or several classes; by default all that are ranked.
    n
        Number of genes per class, from the top; None for all.
    %(label)s
    key_added
        As passed to ``tl.rank_genes``.

    Returns
    -------
    One row per class and gene:

    ``class``, ``gene``, ``symbol``
        The last if ``var`` has it.
    ``rank``, ``value``
        1 is the highest; the statistic of ``tl.rank_genes``, by default the median SHAP value.
    ``low``, ``high``
        Its 95 % bootstrap interval, if ``tl.rank_genes`` computed one.
    ``direction``
        ``"up"`` if higher expression is evidence for the class, ``"down"`` if lower is, so that a
        gene can lead a class by its absence: the sign of the value times the sign of the
        difference between the gene's mean input in the class's explained samples and in the
        samples of other classes. Empty if either is 0, or the input is not in ``adata``.
    ``selected``, ``exclusive``
        After ``tl.select_genes``: whether the gene is selected for the class, and for no other.
    ``logfc``, ``pvalue``, ``fdr``, ``called``
        After ``tl.de``: log2 fold change of the class against the others, and ``"up"`` or
        ``"down"`` where the gene passes the thresholds.

    Raises
    ------
    MissingSlotError
        ``tl.rank_genes`` has not been run.
    DataError
        A class is unknown.

    Examples
    --------
    >>> table = ts.get.genes(adata, "Heart", n=3)
    >>> table["rank"].tolist()
    [1, 2, 3]
    >>> table.columns[:6].tolist()
    ['class', 'gene', 'symbol', 'rank', 'value', 'direction']
    """
    if n is not None:
        check_number("n", n, low=1, integer=True)
    classes = slots.class_names(adata, label)
    chosen = classes if group is None else [group] if isinstance(group, str) else list(group)
    for name in chosen:
        check_choice("group", name, classes)
    frames = {
        column: slots.class_frame(adata, "varm", key, chosen, key_added=key_added)
        for column, key in _columns(adata, key_added).items()
    }
    tables = []
    for name in chosen:
        table = pd.DataFrame({"class": name, "gene": adata.var_names.astype(str)})
        if schema.var.symbol in adata.var:
            table["symbol"] = adata.var[schema.var.symbol].astype(str).to_numpy()
        for column, frame in frames.items():
            table[column] = frame[name].to_numpy()
        ranked = table.dropna(subset="rank").sort_values("rank")
        tables.append(ranked if n is None else ranked.head(n))
    table = pd.concat(tables, ignore_index=True)
    table["rank"] = table["rank"].astype(int)
    if "direction" in table:
        table["direction"] = table["direction"].map(_WORDS).fillna("")
    if key_added is None:
        _add_selected(adata, table)
        _add_called(adata, table, classes)
    return table


def _columns(adata: AnnData, key_added: str | None) -> dict[str, str]:
    """Return the frames to read, by their column; the rank and the value must be there."""
    varm = schema.varm
    optional = {
        "low": varm.shap_low,
        "high": varm.shap_high,
        "direction": varm.shap_direction,
    }
    there = {
        column: key for column, key in optional.items() if slots.named(key, key_added) in adata.varm
    }
    tests = {"logfc": varm.de_logfc, "pvalue": varm.de_pvalue, "fdr": varm.de_fdr}
    if key_added is None and "de" in slots.record(adata):
        there |= tests
    return {"rank": varm.shap_rank, "value": varm.shap_median, **there}


def _add_selected(adata: AnnData, table: pd.DataFrame) -> None:
    record = slots.record(adata).get("select_genes")
    if record is None:
        return
    found = record["genes"].astype({"class": str, "gene": str}).set_index(["class", "gene"])
    pairs = pd.MultiIndex.from_frame(table[["class", "gene"]])
    table["selected"] = pairs.isin(found.index)
    exclusive = found.index[found["exclusive"].to_numpy(dtype=bool)]
    table["exclusive"] = pairs.isin(exclusive)


def _add_called(adata: AnnData, table: pd.DataFrame, classes: list[str]) -> None:
    if "logfc" not in table:
        return
    passed = called(adata, classes)
    rows = adata.var_names.astype(str).get_indexer(pd.Index(table["gene"]))
    columns = pd.Index(classes).get_indexer(pd.Index(table["class"]))
    up = np.where(table["logfc"] > 0, "up", "down")
    table["called"] = np.where(passed.to_numpy(dtype=bool)[rows, columns], up, "")
