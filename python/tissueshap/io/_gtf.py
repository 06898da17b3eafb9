"""Genes of a GTF file: name, biotype, length."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pandas as pd

from tissueshap.io._text import open_text

_ATTRIBUTE = re.compile(r'(gene_id|gene_name|gene_type|gene_biotype) "([^"]*)"')


def gene_table(path: Path) -> pd.DataFrame:
    """Return one row per gene of a GTF file, plain or .gz, from its exons.

    Parameters
    ----------
    path
        GENCODE's or Ensembl's GTF.

    Returns
    -------
    Columns ``gene_id`` (with version, as in the file), ``gene_name``, ``gene_type`` and
    ``length``: base pairs that are in at least one exon.
    """
    genes: dict[str, dict[str, str]] = {}
    exons: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    with open_text(path) as lines:
        for line in lines:
            fields = line.split("\t")
            if len(fields) == 9 and fields[2] == "exon":
                found = dict(_ATTRIBUTE.findall(fields[8]))
                genes.setdefault(found["gene_id"], found)
                exons[found["gene_id"]].append((int(fields[3]), int(fields[4])))
    return pd.DataFrame(
        {
            "gene_id": list(genes),
            "gene_name": [found.get("gene_name", "") for found in genes.values()],
            "gene_type": [
                found.get("gene_type") or found.get("gene_biotype", "") for found in genes.values()
            ],
            "length": [_covered(exons[gene]) for gene in genes],
        }
    )


def _covered(intervals: list[tuple[int, int]]) -> int:
    """Return how many positions are in at least one interval, ends included."""
    covered, reached = 0, 0
    for start, end in sorted(intervals):
        covered += max(0, end - max(start - 1, reached))
        reached = max(reached, end)
    return covered
