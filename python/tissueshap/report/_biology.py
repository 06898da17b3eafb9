"""The report's section on biology: gene sets, processes, interactions."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap.pl import enrichment_ratio
from tissueshap.report._results import number, ran, result, text
from tissueshap.report._sections import rows

if TYPE_CHECKING:
    from anndata import AnnData

#: The record of the terms of each class's exclusive genes.
EXCLUSIVE = "enrich_exclusive"


def content(adata: AnnData) -> dict[str, Any]:
    """Return the values of the template ``biology.html``."""
    return {
        "enrichment": _lists(adata, "enrich", n_top=15),
        "processes": _lists(adata, EXCLUSIVE, n_top=4),
        "interactions": _interactions(adata),
    }


def _lists(adata: AnnData, key: str, *, n_top: int) -> dict[str, Any]:
    """Return what was tested, and the most significant terms of each list."""
    if not ran(adata, key):
        return {}
    params = result(adata, key, "params", {})
    table = result(adata, key, "table").copy()
    table["ratio"] = enrichment_ratio(table)
    table = table.sort_values(["p.adjust", "pvalue"], kind="stable")
    source, name = (text(table[column]).to_numpy() for column in ("source", "class"))
    lists = rows(result(adata, key, "lists"))
    for tested in lists:
        own = table[(source == tested["source"]) & (name == tested["class"])]
        tested["terms"] = rows(own.head(n_top))
    return {
        "lists": lists,
        "n_universe": _universe(adata, key),
        "sets": _sets(params),
        "min_size": int(params["min_size"]),
        "max_size": int(params["max_size"]),
    }


def _universe(adata: AnnData, key: str) -> int:
    """Return how many measured genes are in a set; of R's engines, as each term has it."""
    ratios = text(result(adata, key, "table")["BgRatio"])
    return (
        int(ratios[0].partition("/")[2]) if len(ratios) else int(result(adata, key, "n_universe"))
    )


def _sets(params: dict[str, Any]) -> str:
    """Return the name of the gene sets."""
    engine, given = str(params["engine"]), params.get("gene_sets")
    if engine == "go" or (engine == "clusterprofiler" and given is None):
        return "GO's biological processes"
    if engine == "reactomepa":
        return "Reactome's pathways"
    return "the given gene sets" if given is None else f"the gene sets of {PurePath(given).name}"


def _interactions(adata: AnnData) -> dict[str, Any]:
    """Return the counts of interactions: of all genes, and of each class's lists."""
    table: pd.DataFrame | None = result(adata, "ppi", "table")
    if table is None:
        return {}
    table = table[text(table["source"]).to_numpy() == "shap"]
    by = text(table["by"]).to_numpy()
    own = {row["class"]: row for row in rows(table[by == "exclusive"])}
    return {
        "all": next(iter(rows(table[by == "all"])), None),
        "classes": [
            {"class": row["class"], "own": row, "exclusive": own.get(row["class"])}
            for row in rows(table[by == "class"].sort_values("pvalue", kind="stable"))
        ],
        "score": float(result(adata, "ppi", "params", {}).get("score", 0.4)),
        **{name: number(adata, "ppi", f"n_network_{name}") for name in ("genes", "edges")},
    }
