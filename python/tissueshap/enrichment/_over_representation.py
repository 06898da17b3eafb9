"""The hypergeometric test of gene sets, as DOSE's ``enricher_internal`` counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tissueshap.enrichment._gene_sets import GeneSets

COLUMNS = [
    "ID",
    "Description",
    "GeneRatio",
    "BgRatio",
    "pvalue",
    "p.adjust",
    "qvalue",
    "geneID",
    "Count",
]


def over_representation(
    genes: Sequence[str], sets: GeneSets, background: set[str], *, min_size: int, max_size: int
) -> pd.DataFrame:
    """Test every set that holds a gene of the list, and order by p-value.

    Parameters
    ----------
    genes
        Gene list; what is not in the background does not count.
    sets
        Gene sets.
    background
        Genes that could have been chosen and are in any set.
    min_size, max_size
        Smallest and largest set, counted within the background.

    Returns
    -------
    clusterProfiler's columns, one row per set that was tested.
    """
    from scipy.stats import hypergeom

    chosen = [gene for gene in dict.fromkeys(genes) if gene in background]
    rows = []
    for name, members in tested_sets(sets, background, min_size, max_size).items():
        inside = set(members)
        hits = [gene for gene in chosen if gene in inside]
        if hits:
            rows.append((name, sets.descriptions[name], len(hits), len(members), "/".join(hits)))
    table = pd.DataFrame(rows, columns=["ID", "Description", "Count", "size", "geneID"])
    table = table.astype({"Count": np.int64, "size": np.int64})
    n, total = len(chosen), len(background)
    table["pvalue"] = hypergeom.sf(table["Count"] - 1, total, table["size"], n).astype(float)
    table["GeneRatio"] = [f"{count}/{n}" for count in table["Count"]]
    table["BgRatio"] = [f"{size}/{total}" for size in table["size"]]
    table["p.adjust"] = adjusted(table["pvalue"])
    table["qvalue"] = q_values(table["pvalue"])
    table = table.sort_values(["pvalue", "ID"], kind="stable", ignore_index=True)
    return table[COLUMNS]


def tested_sets(
    sets: GeneSets, background: set[str], min_size: int, max_size: int
) -> dict[str, list[str]]:
    """Return the sets of a size within bounds, each cut to the background."""
    cut = {name: [g for g in genes if g in background] for name, genes in sets.genes.items()}
    return {name: genes for name, genes in cut.items() if min_size <= len(genes) <= max_size}


def adjusted(pvalues: pd.Series) -> np.ndarray:
    """Return Benjamini-Hochberg adjusted p-values."""
    from scipy.stats import false_discovery_control

    p = pvalues.to_numpy(dtype=float)
    # Not every version of SciPy takes an empty list.
    fdr: np.ndarray = false_discovery_control(p) if len(p) else p
    return fdr


def q_values(pvalues: pd.Series) -> np.ndarray:
    """Return Storey's q-values with lambda = 0.05, as DOSE asks the package qvalue for.

    With one lambda the share of true nulls is what lies above it over 1 - lambda, and
    the q-value that share of the adjusted p-value. Missing where the share is 0.
    """
    p = pvalues.to_numpy(dtype=float)
    if not len(p):
        return np.empty(0)
    nulls = min(float((p >= 0.05).mean()) / 0.95, 1.0)
    return adjusted(pvalues) * nulls if nulls > 0 else np.full(len(p), np.nan)
