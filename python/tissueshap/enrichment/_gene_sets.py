"""Gene sets and gene identifiers for ``tl.enrich``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tissueshap._core import schema
from tissueshap._core.errors import DataError
from tissueshap.io import as_text, open_text, strip_version

if TYPE_CHECKING:
    from anndata import AnnData

#: Accessions of Reactome, GO, KEGG and WikiPathways.
_ACCESSION = re.compile(r"R-[A-Z]{3}-\d+|GO:\d{7}|[a-z]{2,4}\d{5}|WP\d+")
#: Entrez and Ensembl identifiers of genes.
_R_KNOWS = r"\d+|ENS[A-Z]*G\d+"
#: The smallest share that matches of the data's genes, or of the sets' genes where these
#: are fewer: less is chance between species, whose symbols differ in case (Cd79a, CD79A).
_FEWEST = 0.1


@dataclass(frozen=True)
class GeneSets:
    """Gene sets by identifier, each with what it describes.

    Attributes
    ----------
    genes
        Genes by set identifier, each gene once.
    descriptions
        Description by set identifier.
    """

    genes: dict[str, list[str]]
    descriptions: dict[str, str]

    @property
    def universe(self) -> set[str]:
        """Every gene that is in a set."""
        return set().union(*self.genes.values())


def gene_sets(source: Mapping[str, Sequence[str]] | str | Path | None) -> GeneSets:
    """Return gene sets from a mapping or a GMT file (``.gmt``, ``.gmt.gz``).

    Where a line of the GMT has the accession second (``Apoptosis<TAB>R-HSA-109581``,
    as Enrichr writes it) the accession is the identifier. A description that is
    missing, an address or that of several sets becomes the identifier.
    """
    if source is None:
        raise DataError(
            "which gene sets? Give gene_sets= a GMT file or a mapping of names to genes; the "
            "engines 'reactomepa' and 'go' bring their own"
        )
    if isinstance(source, Mapping):
        lines = [(str(name), "", list(genes)) for name, genes in source.items()]
    else:
        lines = _read(Path(source))
    times = Counter(note for _, note, _ in lines)
    sets: dict[str, list[str]] = {}
    descriptions: dict[str, str] = {}
    for name, note, genes in lines:
        if _ACCESSION.fullmatch(note) and not _ACCESSION.fullmatch(name):
            key, description = note, name
        else:
            plain = note in ("", "na", "NA") or "://" in note or times[note] > 1
            key, description = name, name if plain else note
        sets.setdefault(key, []).extend(map(str, genes))
        descriptions[key] = description
    if not sets:
        raise DataError("there are no gene sets: the GMT file or the mapping is empty")
    return GeneSets({key: list(dict.fromkeys(genes)) for key, genes in sets.items()}, descriptions)


def _read(path: Path) -> list[tuple[str, str, list[str]]]:
    lines = []
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            name, *rest = (field.strip() for field in line.rstrip("\r\n").split("\t"))
            if len(rest) < 2 or not name:
                raise DataError(
                    f"{path}, line {number}: a GMT line is a name, a description and genes, "
                    "separated by tabs"
                )
            # Enrichr's files may weigh a gene: "GENE,1.0".
            genes = [gene.split(",")[0] for gene in rest[1:] if gene]
            lines.append((name, rest[0], genes))
    return lines


def matching_ids(
    adata: AnnData, known: Iterable[str] | None, wanted: str | None
) -> tuple[str, pd.Series]:
    """Return the identifiers of the genes that the gene sets use.

    Parameters
    ----------
    adata
        Samples x genes.
    known
        Genes of the gene sets, or None for sets that R brings, which takes Entrez
        identifiers and translates Ensembl's and symbols.
    wanted
        ``"var_names"`` or a column of ``var``; the one that matches most by default.

    Returns
    -------
    The name of the column, or ``"var_names"``; and the identifiers, with missing
    values where a gene has none, indexed by ``var_names``.

    Raises
    ------
    DataError
        No gene matches, or fewer than 10 % of the data's genes and of the sets' genes.
    """
    usual = (schema.var.entrez_id, schema.var.gene_id, "var_names", schema.var.symbol)
    names = [name for name in usual if name == "var_names" or name in adata.var]
    if wanted is not None:
        if wanted != "var_names" and wanted not in adata.var:
            raise DataError(f"adata.var has no column {wanted!r} with gene identifiers")
        names = [wanted]
    columns = {
        name: cleaned(adata.var_names.to_series() if name == "var_names" else adata.var[name])
        for name in names
    }
    if known is None:
        hits = {name: int(ids.str.fullmatch(_R_KNOWS).sum()) for name, ids in columns.items()}
        # Nothing looks like an accession: symbols then, or what there is.
        best = max(hits, key=lambda name: hits[name]) if any(hits.values()) else names[-1]
        return best, columns[best]
    genes = set(known)
    hits = {name: int(ids.isin(genes).sum()) for name, ids in columns.items()}
    best = max(hits, key=lambda name: hits[name])
    if not hits[best]:
        raise DataError(
            f"none of the genes, by {names}, is among those of the sets or interactions (for "
            f"example {sorted(genes)[:3]}): add such identifiers with "
            "ts.io.annotate_genes(adata, ...)"
        )
    _check_share(columns[best].dropna(), genes, best)
    return best, columns[best]


def _check_share(ids: pd.Series, genes: set[str], name: str) -> None:
    hits = int(ids.isin(genes).sum())
    if max(hits / len(ids), hits / len(genes)) >= _FEWEST:
        return
    upper = {gene.upper() for gene in genes}
    alike = int(ids.str.upper().isin(upper).sum())
    species = (
        f"; {alike:,} match without regard to case: are they of another species?"
        if alike > 2 * hits
        else ""
    )
    raise DataError(
        f"only {hits:,} of {len(ids):,} genes, by {name} ({', '.join(ids[:3])}), are among the "
        f"{len(genes):,} of the sets or interactions ({', '.join(sorted(genes)[:3])}), less than "
        f"{_FEWEST:.0%} of either{species}; give both the identifiers of one species and kind, "
        "with ts.io.annotate_genes(adata, ...)"
    )


def cleaned(ids: pd.Series) -> pd.Series:
    """Return identifiers as text: 7157.0 and ENSG00000141510.16 lose what follows the dot."""
    text = as_text(ids).str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    return text.map(strip_version, na_action="ignore")
