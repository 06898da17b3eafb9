"""The steps of a run on the function of the genes: gene sets, processes, interactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tissueshap import tl
from tissueshap.report import EXCLUSIVE
from tissueshap.workflow._config import Config
from tissueshap.workflow._job import Job
from tissueshap.workflow._small_files import read_gene_sets


def steps(config: Config) -> dict[str, Callable[[Job], str]]:
    """Return the requested steps, in order."""
    chosen: dict[str, Callable[[Job], str]] = {}
    if config.gene_sets or config.enrich_engine == "reactomepa":
        chosen["enrich"] = enrich
    if config.go or "enrich" in chosen:
        chosen["exclusive"] = exclusive
    if config.interactions is not None:
        chosen["ppi"] = ppi
    return chosen


def identifiers(job: Job) -> dict[str, set[str]]:
    """Return the identifiers in the gene sets and in the interactions."""
    config = job.config
    by_source: dict[str, set[str]] = {}
    if config.gene_sets:
        sets = read_gene_sets(config.gene_sets)
        by_source["the gene sets"] = {gene for genes in sets.values() for gene in genes}
    edges = job.interactions
    if edges is not None:
        by_source["the interactions"] = set(edges["a"]) | set(edges["b"])
    return by_source


def enrich(job: Job) -> str:
    """Test gene sets for enrichment in the SHAP genes and the differentially expressed genes."""
    tl.enrich(job.adata, _sets(job.config), source=("shap", "de"), **_how(job.config))
    lists = job.result("enrich", "lists")
    numbers = zip(lists["source"], lists["n_terms"], strict=True)
    return "terms " + ", ".join(f"{name} {n:,}" for name, n in numbers)


def exclusive(job: Job) -> str:
    """Test processes for enrichment in the SHAP genes that only one class has."""
    how = _how(job.config)
    if job.config.go:
        # clusterProfiler has its own GO; the others use the annotation packages.
        how["engine"] = "clusterprofiler" if how["engine"] == "clusterprofiler" else "go"
    sets = None if job.config.go else _sets(job.config)
    tl.enrich(job.adata, sets, source="shap", by="exclusive", key_added=EXCLUSIVE, **how)
    lists = job.result(EXCLUSIVE, "lists")
    n_found = int((lists["n_terms"] > 0).sum())
    return f"{int(lists['n_terms'].sum()):,} terms in {n_found} of {len(lists)} classes"


def ppi(job: Job) -> str:
    """Compare the number of interactions among the SHAP genes with chance."""
    edges = job.interactions
    if edges is None:
        raise RuntimeError("no interactions are given")
    tl.ppi(job.adata, edges, score=job.config.interaction_score)
    row = job.result("ppi", "table").iloc[0]
    return (
        f"{int(row['n_edges']):,} interactions among the SHAP genes, "
        f"{row['expected']:,.1f} expected, p = {row['pvalue']:.2g}"
    )


def _sets(config: Config) -> Mapping[str, Sequence[str]] | Path | None:
    """Return the gene sets; a single file as its path, because it also describes the sets."""
    if len(config.gene_sets) == 1:
        return config.gene_sets[0]
    return read_gene_sets(config.gene_sets) or None


def _how(config: Config) -> dict[str, Any]:
    return {
        "engine": config.enrich_engine,
        "min_size": config.min_set_size,
        "max_size": config.max_set_size,
    }
