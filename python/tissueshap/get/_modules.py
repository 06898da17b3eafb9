"""``get.modules``: the modules of each class, with their genes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from tissueshap._core import slots
from tissueshap._core.labels import symbols
from tissueshap._core.options import check_choice, check_number

if TYPE_CHECKING:
    from anndata import AnnData


def modules(
    adata: AnnData,
    group: str | Sequence[str] | None = None,
    *,
    n: int | None = 10,
    key_added: str | None = None,
) -> pd.DataFrame:
    """Return the top modules of each class as a tidy table.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.modules``.
    group
        One or several classes; by default all.
    n
        Number of modules per class, from the top; None for all that are recorded.
    key_added
        As passed to ``tl.modules``.

    Returns
    -------
    One row per class and module: ``class``, ``module``, ``name``, ``rank``, ``n_genes``,
    ``value``, ``z``, ``owen`` (if requested), ``genes`` (their symbols, joined by ``/``).

    Raises
    ------
    MissingSlotError
        ``tl.modules`` has not been run.
    DataError
        A class is unknown.

    Examples
    --------
    >>> ts.tl.modules(adata)
    >>> ts.get.modules(adata, "Heart", n=3)["rank"].tolist()
    [1, 2, 3]
    """
    if n is not None:
        check_number("n", n, low=1, integer=True)
    record = key_added or "modules"
    table: pd.DataFrame = slots.table(adata, record, "values")
    classes = list(dict.fromkeys(table["class"].astype(str)))
    chosen = classes if group is None else [group] if isinstance(group, str) else list(group)
    for name in chosen:
        check_choice("group", name, classes)
    table = table[table["class"].isin(chosen)]
    if n is not None:
        table = table[table["rank"] <= n]
    names = symbols(adata)
    members = slots.table(adata, record, "genes").astype(str)
    joined = members["gene"].map(lambda gene: names.get(gene, gene)).groupby(members["module"])
    # A gene that goes with no other is a module, and not in the table of genes.
    own = joined.agg("/".join).reindex(table["module"].astype(str)).to_numpy()
    return table.assign(genes=pd.Series(own, table.index).fillna(table["name"])).reset_index(
        drop=True
    )
