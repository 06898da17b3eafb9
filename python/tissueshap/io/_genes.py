"""Gene identifiers: removal of versions, unique names, and the meaning of gene columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd

from tissueshap._core import schema
from tissueshap.io import _rules

#: An Ensembl gene or transcript; its version, with GENCODE's second number where the gene
#: was mapped to GRCh37 (``.5_4``); GENCODE's mark of chromosome Y's copy.
_ENSEMBL = re.compile(r"^(ENS[A-Z]*[GT]\d{11})(?:\.\d+)?(?:_\d+)?(_PAR_Y)?(?:_\d+)?$")

#: Older GENCODE writes chromosome Y's copy as ENSGR.
_OLD_PAR_Y = re.compile(r"^ENSGR(\d{10})(?:\.\d+)?(?:_\d+)?$")

#: A column of this kind is named after its values.
_ID = "id"

#: A free text, unless its values are symbols, as in GTEx' GCT.
_DESCRIPTION = "description"

#: The content of a column, by its name as :func:`_plain` returns it: a slot of ``var``, or
#: one of the two above. Names are those of Ensembl BioMart (web and biomaRt), GENCODE, NCBI,
#: Expression Atlas, CELLxGENE, 10x and featureCounts.
_NAMES = {
    _ID: (
        "id gene gene_id geneid gene_ids ensembl ensembl_id ensembl_gene ensembl_gene_id "
        "ensembl_gene_id_version ensembl_id_version gene_stable_id gene_stable_id_version "
        "ensembl_ids feature_id"
    ),
    _DESCRIPTION: "description",
    schema.var.symbol: (
        "symbol symbols gene_symbol gene_symbols genesymbol hgnc_symbol mgi_symbol gene_name "
        "genename external_gene_name feature_name gene_short_name approved_symbol"
    ),
    schema.var.entrez_id: (
        "entrez entrez_id entrezid entrezgene entrezgene_id entrez_gene_id ncbi_gene_id "
        "ncbi_gene_formerly_entrezgene_id ncbi_geneid"
    ),
    schema.var.biotype: (
        "biotype gene_type gene_biotype feature_type genetype type_of_gene gene_class"
    ),
    schema.var.length: "length gene_length feature_length genelength",
}
_MEANS = {name: what for what, names in _NAMES.items() for name in names.split()}
_MEANS[""] = _ID  # names of rows, as R writes them


def meaning(name: str) -> str | None:
    """Return the content of a gene column by its name, or None if it is unknown.

    >>> meaning("Gene stable ID version"), meaning("external_gene_name"), meaning("S1")
    ('id', 'symbol', None)
    """
    return _MEANS.get(_plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def strip_version(name: str) -> str:
    """Return an Ensembl identifier without version; any other name unchanged.

    >>> strip_version("ENSG00000002586.18_PAR_Y"), strip_version("ENSG00000223972.5_4")
    ('ENSG00000002586', 'ENSG00000223972')
    """
    match = _ENSEMBL.match(_as_par_y(name))
    return match[1] if match else name


def is_ensembl(name: str) -> bool:
    """Return whether a name is an Ensembl identifier, with or without version."""
    return _ENSEMBL.match(_as_par_y(name)) is not None


def _as_par_y(name: str) -> str:
    return _OLD_PAR_Y.sub(r"ENSG0\1_PAR_Y", name) if name.startswith("ENSGR") else name


def unique_names(names: Sequence[str]) -> list[str]:
    """Return names for ``var_names``: without version, and still unique.

    The copy of a gene in the pseudo-autosomal region of chromosome Y keeps its
    ``_PAR_Y``. If a gene occurs in two versions, both keep their version.
    """
    short = [_ENSEMBL.sub(r"\1\2", _as_par_y(name)) for name in names]
    occurs = Counter(short)
    return [name if occurs[cut] > 1 else cut for name, cut in zip(names, short, strict=True)]


def gene_columns(columns: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return columns that describe genes, under the names of their slots.

    Parameters
    ----------
    columns
        Values by the column's own name. If two columns belong to the same slot, the first
        is used; a column with an unknown name keeps it.

    Returns
    -------
    Identifiers and symbols as text, None where missing; lengths as numbers, NaN where
    missing.
    """
    found: dict[str, pd.Series] = {}
    unclear: dict[str, pd.Series] = {}
    for name, values in columns.items():
        slot: str | None = meaning(name) or schema.plain_name(name)
        if slot in (_ID, _DESCRIPTION):
            form = identifiers(values)
            slot = form if form != schema.var.symbol else None
            if slot is None:
                unclear[name] = values
        if slot is not None and slot not in found:
            found[slot] = _of_slot(slot, values)
    # a column that looks like symbols is the identifier if there is no other (yeast, fly)
    for name, values in unclear.items():
        slots = [schema.var.gene_id] if meaning(name) == _ID else []
        slots += [schema.var.symbol] if identifiers(values) else []
        free = next((one for one in slots if one not in found), schema.plain_name(name))
        if free:
            found.setdefault(free, _of_slot(free, values))
    return found


def identifiers(values: pd.Series) -> str | None:
    """Return the slot whose identifiers a column holds, or None if it is free text.

    Ensembl's and Entrez' identifiers are recognised by their form. Symbols are words
    without blanks, and different for most genes.
    """
    known = _rules.as_text(values).dropna()
    if known.empty:
        return None
    if known.map(is_ensembl).mean() > _MOST:
        return schema.var.gene_id
    if known.str.fullmatch(r"\d+(\.0)?").mean() > _MOST:
        return schema.var.entrez_id
    words = ~known.str.contains(r"\s|^[-+]?\d*\.?\d+$", regex=True)
    return schema.var.symbol if min(words.mean(), known.nunique() / len(known)) > _MOST else None


#: Share of a column's values that decides its content.
_MOST = 0.5


#: A description that is a symbol for most genes is free text for some. NCBI and HGNC write
#: protein-coding. Entrez numbers become 7157.0 if some are missing.
_WORDS = {
    schema.var.gene_id: strip_version,
    schema.var.symbol: lambda text: None if re.search(r"\s", text) else text,
    schema.var.entrez_id: lambda text: re.sub(r"\.0$", "", text),
    schema.var.biotype: lambda text: re.sub("^protein[- ]coding$", "protein_coding", text),
}


def _of_slot(slot: str, values: pd.Series) -> pd.Series:
    if slot == schema.var.length:
        return pd.to_numeric(_rules.as_text(values), errors="coerce").astype("float64")
    if slot in _WORDS:
        return _rules.as_text(values).map(_WORDS[slot], na_action="ignore")
    return values


def gene_frame(names: Sequence[str], columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return ``var``: one row per gene, with ``gene_id`` and the file's other columns.

    Parameters
    ----------
    names
        Identifiers in the file, without duplicates.
    columns
        Other columns by their name in the file; known ones get the name of their slot. If
        the names are not Ensembl identifiers but a column has these, it becomes
        ``gene_id``, and the names become the symbols if there are no others.
    """
    index = pd.Index(unique_names(names), dtype=object)
    own = pd.Series(list(names), index=index, dtype=object)
    others = {name: pd.Series(list(cells), index=index) for name, cells in columns.items() if name}
    frame = pd.DataFrame(gene_columns({"": own, **others}), index=index)
    ids = frame.pop(schema.var.gene_id) if schema.var.gene_id in frame else own
    frame.insert(0, schema.var.gene_id, ids.fillna(own.map(strip_version)))
    for slot in _WORDS:
        if slot in frame:
            frame[slot] = frame[slot].fillna("")
    return frame
