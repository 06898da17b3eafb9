"""Gene identifiers: versions off, names unique."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

from tissueshap import _schema

#: An Ensembl gene or transcript, its version, and GENCODE's mark of chromosome Y's copy.
_ENSEMBL = re.compile(r"^(ENS[A-Z]*[GT]\d{11})(?:\.\d+)?(_PAR_Y)?$")

#: Names of columns, in lower case, that stand for a slot of ``var``.
SYNONYMS = {
    "description": _schema.var.symbol,
    "symbol": _schema.var.symbol,
    "gene_symbol": _schema.var.symbol,
    "hgnc_symbol": _schema.var.symbol,
    "gene_name": _schema.var.symbol,
    "entrez": _schema.var.entrez_id,
    "entrez_id": _schema.var.entrez_id,
    "entrezgene": _schema.var.entrez_id,
    "entrezgene_id": _schema.var.entrez_id,
    "biotype": _schema.var.biotype,
    "gene_type": _schema.var.biotype,
    "gene_biotype": _schema.var.biotype,
    "length": _schema.var.length,
    "gene_length": _schema.var.length,
}


def strip_version(name: str) -> str:
    """Return an Ensembl identifier without version; any other name as it is.

    >>> strip_version("ENSG00000002586.18_PAR_Y")
    'ENSG00000002586'
    """
    found = _ENSEMBL.match(name)
    return found[1] if found else name


def unique_names(names: Sequence[str]) -> list[str]:
    """Return names for ``var_names``: without version, and still unique.

    The copy of a gene in the pseudo-autosomal region of chromosome Y keeps its
    ``_PAR_Y``; where one gene is there in two versions both keep their version.
    """
    short = [_ENSEMBL.sub(r"\1\2", name) for name in names]
    occurs = Counter(short)
    return [name if occurs[cut] > 1 else cut for name, cut in zip(names, short, strict=True)]


def gene_frame(names: Sequence[str], columns: dict[str, Sequence[str]]) -> pd.DataFrame:
    """Return ``var``: one row a gene, ``gene_id`` and what else the file has.

    Parameters
    ----------
    names
        Identifiers as the file has them, without duplicates.
    columns
        Other columns by their name in the file; those of :data:`SYNONYMS` get the
        slot's name.
    """
    held: dict[str, object] = {_schema.var.gene_id: [strip_version(name) for name in names]}
    for name, values in columns.items():
        slot = SYNONYMS.get(name.strip().lower(), _schema.column(name))
        held.setdefault(slot, list(values))
    frame = pd.DataFrame(held, index=pd.Index(unique_names(names), dtype=object))
    if _schema.var.length in frame:
        frame[_schema.var.length] = pd.to_numeric(frame[_schema.var.length], errors="coerce")
    return frame
