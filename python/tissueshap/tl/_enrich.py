"""``tl.enrich``: the gene sets that the selected genes are enriched in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap import enrichment
from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap._core.options import check_choice, check_number, check_order
from tissueshap._core.progress import progress

if TYPE_CHECKING:
    from anndata import AnnData


def enrich(
    adata: AnnData,
    gene_sets: Mapping[str, Sequence[str]] | str | Path | None = None,
    *,
    source: str | Sequence[str] = "shap",
    by: str = "all",
    engine: str = "offline",
    universe: Sequence[str] | None = None,
    label: str | None = None,
    ids: str | None = None,
    min_size: int = 10,
    max_size: int = 500,
    pvalue_cutoff: float = 0.05,
    qvalue_cutoff: float = 0.2,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Test whether gene sets have more SHAP or DE genes than expected by chance.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes`` or ``tl.de``. Reads ``var``
        (``shap_selected``, ``de_significant``, ``gene_id``, ``symbol``,
        ``entrez_id``), ``varm["de_called"]`` and the records of
        ``select_genes`` and ``de``.
    gene_sets
        GMT file, or mapping of names to genes. The engines ``"reactomepa"`` and
        ``"go"`` bring their own, ``"clusterprofiler"`` tests GO without any.
    source
        ``"shap"``, ``"de"``, or both.
    by
        ``"all"``: the genes of all classes as one list; ``"class"``: one list per class;
        ``"exclusive"``: one list per class, of the genes that no other class has.
    engine
        ``"offline"`` and ``"gseapy"`` (Python), ``"clusterprofiler"`` (``enricher`` on
        ``gene_sets``, or ``enrichGO`` without any), ``"reactomepa"`` (``enrichPathway``)
        and ``"go"`` (biological process, from org.Hs.eg.db and GO.db), all three in R.
    universe
        Genes that could have been selected, as in ``var_names`` or in the gene sets; all
        genes of ``adata`` by default. Only genes in at least one gene set count.
    %(label)s
    ids
        ``"var_names"`` or the column of ``var`` with the gene sets' identifiers; the
        one that matches most genes by default. For an engine with its own gene sets,
        Entrez or Ensembl identifiers, or else symbols, which R translates.
    min_size, max_size
        Smallest and largest gene set, counted within the universe.
    pvalue_cutoff, qvalue_cutoff
        Keep terms whose p-value and adjusted p-value are at most the first, and whose
        q-value is at most the second; 1 keeps every tested term.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["enrich"]``:

    ``table``
        One row per list and term, by p-value: ``source``, ``class`` (``"all"`` with
        ``by="all"``), then clusterProfiler's columns ``ID``, ``Description``,
        ``GeneRatio``, ``BgRatio``, ``pvalue``, ``p.adjust`` (Benjamini-Hochberg),
        ``qvalue`` (Storey), ``geneID`` (joined by ``/``), ``Count``.
    ``lists``
        One row per list: ``source``, ``class``, ``n_genes``, ``n_mapped`` (with an
        identifier that is in a gene set), ``n_terms`` (kept).
    ``ids``, ``n_universe``
        The identifiers used, and how many genes of the universe are in a set.

    Raises
    ------
    MissingSlotError
        If ``tl.select_genes`` or ``tl.de`` has not been run.
    DataError
        If no gene is in any gene set, a file is missing, or an option is unknown.
    MissingPackageError
        If the engine's R package is not installed.

    Notes
    -----
    The hypergeometric test, its background and its q-values are those of DOSE (Yu et
    al. 2015), with one difference: a gene outside the universe never counts as drawn.

    Examples
    --------
    >>> sets = {"first": adata.var_names[:20], "second": adata.var_names[20:60]}
    >>> ts.tl.enrich(adata, sets)
    >>> adata.uns["tissueshap"]["enrich"]["lists"]["source"].tolist()
    ['shap']
    """
    for name, size in (("min_size", min_size), ("max_size", max_size)):
        check_number(name, size, low=1, integer=True)
    check_order("min_size", min_size, "max_size", max_size)
    check_number("pvalue_cutoff", pvalue_cutoff, low=0, high=1)
    check_number("qvalue_cutoff", qvalue_cutoff, low=0, high=1)
    adata = target(adata, copy=copy)
    lists_of = (source,) if isinstance(source, str) else tuple(source)
    enrichment.check_sources(lists_of, by)
    sources = slots.begin(
        adata, "enrich", *enrichment.records_behind(lists_of), key_added=key_added
    )
    sets = _sets(gene_sets, engine)
    column, names = enrichment.matching_ids(adata, sets.universe if sets else None, ids)
    background = _background(adata, names, universe, sets)
    tables, lists = [], []
    jobs = [
        (s, c, g) for s in lists_of for c, g in enrichment.gene_lists(adata, s, by, label).items()
    ]
    for which, name, genes in progress(jobs, desc="testing gene sets", unit="list"):
        mapped = [gene for gene in names.loc[genes].dropna() if gene in background]
        terms, n_lost = enrichment.run(
            engine, mapped, sets, background, min_size=min_size, max_size=max_size
        )
        terms = _significant(terms, pvalue_cutoff, qvalue_cutoff)
        tables.append(terms.assign(**{"source": which, "class": name}))
        lists.append((which, name, len(genes), len(set(mapped)) - n_lost, len(terms)))
    counts = pd.DataFrame(lists, columns=["source", "class", "n_genes", "n_mapped", "n_terms"])
    lost, total = (counts["n_genes"] - counts["n_mapped"]).sum(), counts["n_genes"].sum()
    logger.info("%d of %d genes (by %s) are in no gene set", lost, total, column)
    table = pd.concat(tables, ignore_index=True)[["source", "class", *enrichment.COLUMNS]]
    slots.write(
        adata,
        "enrich",
        {
            "uns": {
                "table": table.astype({"Count": np.int64}),
                "lists": counts,
                "ids": column,
                "n_universe": len(background),
            }
        },
        params={
            "gene_sets": gene_sets if isinstance(gene_sets, str | Path) else None,
            "source": list(lists_of),
            "by": by,
            "engine": engine,
            "label": label,
            "min_size": min_size,
            "max_size": max_size,
            "pvalue_cutoff": pvalue_cutoff,
            "qvalue_cutoff": qvalue_cutoff,
        },
        versions=enrichment.versions(engine, sets, background),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _sets(
    gene_sets: Mapping[str, Sequence[str]] | str | Path | None, engine: str
) -> enrichment.GeneSets | None:
    """Return the gene sets to test, or None if the engine brings its own."""
    check_choice("engine", engine, enrichment.ENGINES)
    if gene_sets is None and engine in enrichment.WITHOUT_SETS:
        return None
    if engine in enrichment.ON_OWN:
        raise DataError(f"the engine {engine!r} brings its own gene sets: leave gene_sets out")
    return enrichment.gene_sets(gene_sets)


def _background(
    adata: AnnData,
    names: pd.Series,
    universe: Sequence[str] | None,
    sets: enrichment.GeneSets | None,
) -> set[str]:
    """Return the genes that could have been selected and that are in any gene set."""
    if universe is None:
        chosen = set(names.dropna())
    else:
        requested = set(map(str, universe))
        chosen = set(names[names.index.isin(requested)].dropna()) | (
            requested - set(adata.var_names)
        )
    background = chosen if sets is None else chosen & sets.universe
    if not background:
        raise DataError("no gene of the universe is in any gene set: do the identifiers match?")
    return background


def _significant(terms: pd.DataFrame, pvalue: float, qvalue: float) -> pd.DataFrame:
    # A term whose q-value could not be estimated is kept.
    mask = (terms["pvalue"] <= pvalue) & (terms["p.adjust"] <= pvalue)
    return terms[mask & ~(terms["qvalue"] > qvalue)]
