"""``tl.ppi``: whether the selected genes' products interact more than expected by chance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tissueshap._core import slots
from tissueshap._core.adata import target
from tissueshap._core.logging import logger
from tissueshap.enrichment import (
    Network,
    adjusted,
    check_sources,
    gene_lists,
    interaction_test,
    matching_ids,
    records_behind,
)

if TYPE_CHECKING:
    from anndata import AnnData


def ppi(
    adata: AnnData,
    edges: pd.DataFrame | str | Path,
    *,
    source: str | Sequence[str] = "shap",
    by: str | Sequence[str] = ("all", "class", "exclusive"),
    score: float = 0.4,
    aliases: str | Path | None = None,
    label: str | None = None,
    ids: str | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Compare the number of interactions among the selected genes with chance.

    Parameters
    ----------
    adata
        Samples x genes, after ``tl.select_genes`` or ``tl.de``. Reads ``var`` (
        ``shap_selected``, ``de_significant``, ``gene_id``, ``symbol``,
        ``entrez_id``), ``varm["de_called"]`` and the records of
        ``select_genes`` and ``de``.
    edges
        Interactions as ``io.read_edges`` gives them (columns ``a``,
        ``b``), or the file to read: STRING's ``protein.links`` or a table.
    source
        ``"shap"``, ``"de"``, or both.
    by
        ``"all"``: the genes of all classes as one list; ``"class"``: one list per class;
        ``"exclusive"``: one list per class, of the genes that no other class has. Or
        several of them.
    score
        Smallest score of an interaction, 0 to 1, when ``edges`` is a file.
    aliases
        STRING's ``protein.info`` file, which names the proteins' genes, when ``edges``
        is its ``protein.links``.
    %(label)s
    ids
        ``"var_names"`` or the column of ``var`` with the network's identifiers; the
        one that matches most genes by default.
    %(key_added)s
    %(copy)s

    Returns
    -------
    None, or the copy. Writes ``uns["tissueshap"]["ppi"]``:

    ``table``
        One row per list: ``source``, ``by``, ``class``, ``n_genes`` (in the network),
        ``n_connected`` (with an edge inside the list), ``n_edges``, ``expected``,
        ``enrichment`` (``n_edges / expected``), ``pvalue`` (Poisson upper tail) and
        ``p.adjust`` (Benjamini-Hochberg within ``source`` and ``by``).
    ``ids``, ``n_network_genes``, ``n_network_edges``
        The identifiers used; the measured genes with an interaction, and the
        interactions among measured genes.

    Raises
    ------
    MissingSlotError
        If ``tl.select_genes`` or ``tl.de`` has not been run.
    DataError
        If no gene is in the network, the file is missing, or an option is unknown.

    Notes
    -----
    The expectation is that of random networks in which every gene keeps its number
    of partners (Squartini and Garlaschelli, New Journal of Physics 13:083001, 2011),
    over the measured genes alone: well-studied genes have many known partners, which
    is not evidence that the genes of a list belong together. Yap et al. (2021) used STRING's own
    test (supplementary data 4), whose background is the whole genome.

    Examples
    --------
    >>> genes = adata.var_names[adata.var["shap_selected"]]
    >>> edges = pd.DataFrame({"a": genes[:-1], "b": genes[1:], "score": 0.9})
    >>> ts.tl.ppi(adata, edges, by="all")
    >>> adata.uns["tissueshap"]["ppi"]["table"]["source"].tolist()
    ['shap']
    """
    adata = target(adata, copy=copy)
    lists_of = (source,) if isinstance(source, str) else tuple(source)
    groupings = (by,) if isinstance(by, str) else tuple(by)
    for grouping in groupings:
        check_sources(lists_of, grouping)
    sources = slots.begin(adata, "ppi", *records_behind(lists_of), key_added=key_added)
    frame = edges if isinstance(edges, pd.DataFrame) else _read(edges, score, aliases)
    column, names = matching_ids(adata, set(frame["a"]) | set(frame["b"]), ids)
    network = Network(frame, list(names.dropna()))
    tables = []
    for which in lists_of:
        for grouping in groupings:
            lists = gene_lists(adata, which, grouping, label)
            rows = [
                {"class": name, **interaction_test(network, list(names.loc[genes].dropna()))}
                for name, genes in lists.items()
            ]
            result = pd.DataFrame(rows)
            result["p.adjust"] = adjusted(result["pvalue"])
            result.insert(0, "by", grouping)
            result.insert(0, "source", which)
            tables.append(result)
    n_genes = int((network.degree > 0).sum())
    logger.info("%d of %d genes (by %s) have an interaction", n_genes, adata.n_vars, column)
    slots.write(
        adata,
        "ppi",
        {
            "uns": {
                "table": pd.concat(tables, ignore_index=True),
                "ids": column,
                "n_network_genes": n_genes,
                "n_network_edges": len(network.ends),
            }
        },
        params={
            "edges": None if isinstance(edges, pd.DataFrame) else edges,
            "source": lists_of,
            "by": groupings,
            "score": score,
            "aliases": aliases,
            "label": label,
        },
        versions=("scipy",),
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def _read(edges: str | Path, score: float, aliases: str | Path | None) -> pd.DataFrame:
    from tissueshap.io import read_edges

    return read_edges(edges, score=score, aliases=aliases)
