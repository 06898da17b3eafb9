"""The public data that can be fetched by name: addresses, licences, and what they contain.

Every address is one that the data's owner publishes. None of them publishes a checksum that
could be verified when this table was written, so it has none: see ``_contents`` for what is
checked instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tissueshap.datasets import _derive
from tissueshap.datasets._contents import Contents

_GTEX = "https://storage.googleapis.com/adult-gtex"
_HPA = "https://www.proteinatlas.org"
_STRING = "https://stringdb-downloads.org"
_REACTOME = "https://reactome.org"
_GO = "https://current.geneontology.org"


@dataclass(frozen=True)
class File:
    """A file to download.

    Attributes
    ----------
    role
        What it is for.
    base, path
        Its address; a mirror has the same path.
    contents
        What it must contain.
    also
        Other addresses of the same file.
    size
        About how many bytes it has, or None if no source states it.
    """

    role: str
    base: str
    path: str
    contents: Contents
    also: tuple[str, ...] = ()
    size: int | None = None

    @property
    def name(self) -> str:
        """Its name in the folder."""
        return Path(self.path).name

    def addresses(self, mirror: str | None) -> list[str]:
        """Return where to look for it, in order: a mirror replaces the public addresses."""
        if mirror is not None:
            return [f"{mirror.rstrip('/')}/{self.path}"]
        return [f"{self.base}/{self.path}", *self.also]


@dataclass(frozen=True)
class Derived:
    """A table that is made from downloaded files.

    Attributes
    ----------
    role
        What it is for: the option of ``tissueshap run`` that it suits.
    name
        Its name in the folder.
    sources
        Roles of the files that it is made from, in the order of ``make``'s arguments.
    make
        Writes it: takes the files' paths, and that of the result as ``out``.
    """

    role: str
    name: str
    sources: tuple[str, ...]
    make: Callable[..., None]


@dataclass(frozen=True)
class Source:
    """Data with a name.

    Attributes
    ----------
    name
        Their name.
    title
        What they are.
    licence, terms
        Their licence, and the page that states it.
    files
        The files to download.
    derived
        What is made from these.
    """

    name: str
    title: str
    licence: str
    terms: str
    files: tuple[File, ...]
    derived: tuple[Derived, ...] = ()

    def items(self) -> list[File | Derived]:
        """Return the files to download and those that are made from them."""
        return [*self.files, *self.derived]

    def roles(self) -> list[str]:
        """Return what each of them is for."""
        return [item.role for item in self.items()]


def _gtex(name: str, release: str, matrix: str, gencode: str) -> Source:
    """Return a release of GTEx: counts, TPM, sample attributes and gene models."""
    expression = f"bulk-gex/{release}/rna-seq/GTEx_Analysis_{matrix}"
    # The largest releases of before have 56,200 genes x 17,382 samples (v8).
    gct = Contents(r"#1\.2", gct=(50_000, 17_000))
    attributes = f"GTEx_Analysis_{release}_Annotations_SampleAttributesDS.txt"
    return Source(
        name,
        f"GTEx {release}: gene counts, TPM, sample attributes, gene models",
        "GTEx open access",
        "https://gtexportal.org/home/license",
        (
            File("reads", _GTEX, f"{expression}_gene_reads.gct.gz", gct),
            File("tpm", _GTEX, f"{expression}_gene_tpm.gct.gz", gct),
            File(
                "samples",
                _GTEX,
                f"annotations/{release}/metadata-files/{attributes}",
                Contents(r"SAMPID\t(.*\t)?SMTSD\b", 17_000),
            ),
            File(
                "genes",
                _GTEX,
                f"references/{release}/reference-tables/{gencode}.GRCh38.genes.gtf",
                Contents(r"##|chr\w+\t", 100_000),
            ),
        ),
        (Derived("annotation", f"{gencode}.genes.tsv", ("genes",), _derive.annotation),),
    )


_RNA = Contents(r"Gene\tGene name\tTissue\t", 100_000, member=".tsv")
_ATLAS = Contents(r"\"?Gene\"?\t.*\bRNA tissue specific nTPM\b", 15_000, member=".tsv")
_PATHWAYS = Contents(r"[^\t]+\tR-HSA-\d+\t", 1_000, member=".gmt")

#: The data by name.
SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        _gtex("gtex-v8", "v8", "2017-06-05_v8_RNASeQCv1.1.9", "gencode.v26"),
        _gtex("gtex-v10", "v10", "v10_RNASeQCv2.4.2", "gencode.v39"),
        Source(
            "hpa",
            "Human Protein Atlas: expression of each gene in each tissue (TPM, nTPM)",
            "Creative Commons (the page has the version)",
            "https://www.proteinatlas.org/about/licence",
            (File("archive", _HPA, "download/tsv/rna_tissue_hpa.tsv.zip", _RNA),),
            (
                Derived(
                    "expression",
                    "rna_tissue_hpa.tsv",
                    ("archive",),
                    partial(_derive.member, contents=_RNA),
                ),
            ),
        ),
        Source(
            "reactome",
            "Reactome: human pathways, gene symbols",
            "CC0 1.0",
            "https://reactome.org/license",
            (
                File(
                    "archive",
                    _REACTOME,
                    "download/current/ReactomePathways.gmt.zip",
                    _PATHWAYS,
                ),
            ),
            (
                Derived(
                    "gene_sets",
                    "ReactomePathways.gmt",
                    ("archive",),
                    partial(_derive.member, contents=_PATHWAYS),
                ),
            ),
        ),
        Source(
            "go",
            "Gene Ontology: biological processes, human, gene symbols",
            "CC BY 4.0",
            "https://geneontology.org/docs/go-citation-policy/",
            (
                File(
                    "ontology",
                    _GO,
                    "ontology/go-basic.obo",
                    Contents(r"format-version:", 100_000),
                    ("https://purl.obolibrary.org/obo/go/go-basic.obo",),
                ),
                File(
                    "annotations",
                    _GO,
                    "annotations/goa_human.gaf.gz",
                    Contents(r"!gaf-version: 2", 100_000),
                    ("https://ftp.ebi.ac.uk/pub/databases/GO/goa/HUMAN/goa_human.gaf.gz",),
                    15_000_000,
                ),
            ),
            (
                Derived(
                    "gene_sets",
                    "go_biological_process.gmt",
                    ("ontology", "annotations"),
                    _derive.processes,
                ),
            ),
        ),
        Source(
            "string",
            "STRING 12: human protein interactions, with gene symbols",
            "CC BY 4.0",
            "https://string-db.org/cgi/access?footer_active_subpage=licensing",
            (
                File(
                    "interactions",
                    _STRING,
                    "download/protein.links.v12.0/9606.protein.links.v12.0.txt.gz",
                    Contents(r"protein1 protein2 combined_score", 1_000_000),
                    size=79_300_000,
                ),
                File(
                    "interaction_names",
                    _STRING,
                    "download/protein.info.v12.0/9606.protein.info.v12.0.txt.gz",
                    Contents(r"#string_protein_id\tpreferred_name\t", 15_000),
                    size=1_900_000,
                ),
            ),
        ),
        Source(
            "tissue-specific",
            "Human Protein Atlas: genes specific for each tissue, gene symbols",
            "Creative Commons (the page has the version)",
            "https://www.proteinatlas.org/about/licence",
            (File("archive", _HPA, "download/proteinatlas.tsv.zip", _ATLAS),),
            (
                Derived(
                    "gene_sets",
                    "tissue_specific_genes.gmt",
                    ("archive",),
                    partial(_derive.specific_genes, contents=_ATLAS),
                ),
            ),
        ),
    )
}
