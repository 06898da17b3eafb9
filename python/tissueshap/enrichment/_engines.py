"""The engines of ``tl.enrich``: one call, one table shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap._install.feature import needed
from tissueshap.enrichment._gene_sets import GeneSets
from tissueshap.enrichment._over_representation import (
    COLUMNS,
    adjusted,
    over_representation,
    q_values,
    tested_sets,
)

#: Engines that test the gene sets they are given; the first two need no R.
ON_SETS = ("offline", "gseapy", "clusterprofiler")
#: Engines that bring their own annotation, on Entrez identifiers.
ON_OWN = ("reactomepa", "go")
ENGINES = (*ON_SETS, *ON_OWN)
WITHOUT_SETS = ("clusterprofiler", *ON_OWN)
_ENSEMBL = re.compile(r"ENS[A-Z]*G\d+")


def run(
    engine: str,
    genes: Sequence[str],
    sets: GeneSets | None,
    background: set[str],
    *,
    min_size: int,
    max_size: int,
) -> tuple[pd.DataFrame, int]:
    """Test one gene list.

    Parameters
    ----------
    engine
        One of :data:`ENGINES`.
    genes
        The gene list, in the identifiers of the gene sets; without sets Entrez,
        Ensembl or symbols.
    sets
        Gene sets, or None for an engine that brings its own.
    background
        Genes that could have been chosen.
    min_size, max_size
        Smallest and largest set, counted within the background.

    Returns
    -------
    clusterProfiler's columns, one row per set that was tested; and the number of genes
    that R could not translate.
    """
    if sets is not None and engine in ("offline", "gseapy"):
        test = over_representation if engine == "offline" else _gseapy
        return test(genes, sets, background, min_size=min_size, max_size=max_size), 0
    return _in_r(engine, genes, sets, background, min_size=min_size, max_size=max_size)


def _gseapy(
    genes: Sequence[str], sets: GeneSets, background: set[str], *, min_size: int, max_size: int
) -> pd.DataFrame:
    enrich = needed("gseapy", "gseapy.enrich", "engine='gseapy'")
    chosen = [gene for gene in dict.fromkeys(genes) if gene in background]
    tested = tested_sets(sets, background, min_size, max_size)
    if not chosen or not any(set(chosen).intersection(members) for members in tested.values()):
        return pd.DataFrame(columns=COLUMNS)
    # gseapy takes digits for Entrez numbers in the list but not in the background.
    answer = enrich(
        gene_list=[f"_{gene}" for gene in chosen],
        gene_sets={name: [f"_{gene}" for gene in members] for name, members in tested.items()},
        background=[f"_{gene}" for gene in sorted(background)],
        outdir=None,
        no_plot=True,
        verbose=False,
    ).results
    order = {gene: place for place, gene in enumerate(chosen)}
    hits = [
        sorted((gene[1:] for gene in text.split(";")), key=order.__getitem__)
        for text in answer["Genes"]
    ]
    table = pd.DataFrame(
        {
            "ID": answer["Term"].astype(str),
            "Description": [sets.descriptions[name] for name in answer["Term"]],
            "GeneRatio": [f"{len(names)}/{len(chosen)}" for names in hits],
            "BgRatio": [f"{len(tested[name])}/{len(background)}" for name in answer["Term"]],
            "pvalue": answer["P-value"].astype(float),
            "p.adjust": adjusted(answer["P-value"]),
            "qvalue": q_values(answer["P-value"]),
            "geneID": ["/".join(names) for names in hits],
            "Count": [len(names) for names in hits],
        },
        columns=COLUMNS,
    )
    return table.sort_values(["pvalue", "ID"], kind="stable", ignore_index=True)


def _in_r(
    engine: str,
    genes: Sequence[str],
    sets: GeneSets | None,
    background: set[str],
    *,
    min_size: int,
    max_size: int,
) -> tuple[pd.DataFrame, int]:
    from tissueshap._bridge import r

    given: dict[str, pd.DataFrame | str] = {"id_type": _id_type(background)}
    if sets is not None:
        given["gene_sets"] = pd.DataFrame(
            [(name, gene) for name, members in sets.genes.items() for gene in members],
            columns=["term", "gene"],
        )
        given["gene_set_names"] = pd.DataFrame(
            list(sets.descriptions.items()), columns=["term", "name"]
        )
    answer = r.call(
        "core_enrich",
        engine=engine,
        genes=list(genes),
        universe=sorted(background),
        min_size=min_size,
        max_size=max_size,
        **given,
    )
    table: pd.DataFrame = answer["table"]
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise DataError(f"the engine {engine!r} gave no column {missing}: its package has changed")
    return table[COLUMNS].reset_index(drop=True), int(np.size(answer.get("unmapped", ())))


def _id_type(genes: set[str]) -> str:
    """Return what R's annotation packages call most of these identifiers."""
    n_numbers = sum(gene.isdecimal() for gene in genes)
    n_ensembl = sum(_ENSEMBL.fullmatch(gene) is not None for gene in genes)
    kinds = {"ENTREZID": n_numbers, "ENSEMBL": n_ensembl}
    kinds["SYMBOL"] = len(genes) - n_numbers - n_ensembl
    return max(kinds, key=lambda kind: kinds[kind])


def versions(
    engine: str, sets: GeneSets | None, background: set[str]
) -> dict[str, str] | tuple[str, ...]:
    """Return the versions of what does the work, or their Python packages' names.

    Among them are R's annotation packages, whose releases change what is found.
    """
    if engine in ("offline", "gseapy"):
        return ("scipy",) if engine == "offline" else ("gseapy",)
    from tissueshap._bridge import r

    packages: Any = r.call(
        "engine_packages",
        engine=engine,
        own_sets=sets is not None,
        id_type=_id_type(background),
    )
    return dict(r.versions(*map(str, np.ravel(packages))))
