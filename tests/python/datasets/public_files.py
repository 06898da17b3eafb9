"""Small copies of the public files that ``ts.datasets.fetch`` knows."""

from __future__ import annotations

import gzip
import io
import zipfile

from tissueshap.datasets import SOURCES


def zipped(name: str, text: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return held.getvalue()


GCT = "#1.2\n3\t2\nName\tDescription\tA\tB\n" + "".join(
    f"ENSG0000000000{i}.1\tG{i}\t{i}\t{i * 2}\n" for i in range(3)
)
GTF = "##description: genes\n" + "".join(
    f'chr1\tHAVANA\texon\t{100 * i + 1}\t{100 * i + 50}\t.\t+\t.\tgene_id "ENSG0000000000{i}.1"; '
    f'gene_type "protein_coding"; gene_name "G{i}";\n'
    for i in range(3)
)
OBO = """format-version: 1.2

[Term]
id: GO:0008150
name: biological_process
namespace: biological_process

[Term]
id: GO:0000001
name: heart process
namespace: biological_process
is_a: GO:0008150 ! biological_process

[Term]
id: GO:0000002
name: heart contraction
namespace: biological_process
alt_id: GO:0000009
relationship: part_of GO:0000001 ! heart process

[Term]
id: GO:0000003
name: binding
namespace: molecular_function

[Term]
id: GO:0000004
name: obsolete process
namespace: biological_process
is_obsolete: true

[Typedef]
id: part_of
name: part of
namespace: external
"""


def gaf() -> str:
    rows = [
        ("MYH7", "involved_in", "GO:0000002", "IDA", "P"),
        ("TNNT2", "involved_in", "GO:0000009", "IDA", "P"),
        ("ALB", "involved_in", "GO:0000001", "IEA", "P"),
        ("INS", "NOT|involved_in", "GO:0000001", "IDA", "P"),
        ("GCG", "involved_in", "GO:0000001", "ND", "P"),
        ("ACTB", "enables", "GO:0000003", "IDA", "F"),
        ("ACTC1", "involved_in", "GO:0000004", "IDA", "P"),
    ]
    lines = ["!gaf-version: 2.2", "!date: never"]
    for symbol, qualifier, term, evidence, aspect in rows:
        fields = ["UniProtKB", "X", symbol, qualifier, term, "PMID:1", evidence, "", aspect]
        lines.append("\t".join([*fields, "", "", "protein", "taxon:9606", "1", "X", "", ""]))
    return "\n".join(lines) + "\n"


ATLAS = (
    "Gene\tEnsembl\tRNA tissue specificity\tRNA tissue specific nTPM\n"
    "MYH7\tENSG1\tGroup enriched\theart muscle: 1200.5;skeletal muscle: 900.1\n"
    "ALB\tENSG2\tTissue enriched\tliver: 9000\n"
    "PGC\tENSG3\tTissue enhanced\tstomach 1: 12.5\n"
    "ACTB\tENSG4\tLow tissue specificity\t\n"
)
PATHWAYS = "Muscle contraction\tR-HSA-397014\tMYH7\tTNNT2\nApoptosis\tR-HSA-109581\tCASP3\n"
RNA = "Gene\tGene name\tTissue\tTPM\tpTPM\tnTPM\nENSG1\tMYH7\theart muscle\t1\t2\t3\n"
LINKS = "protein1 protein2 combined_score\n9606.E1 9606.E2 900\n9606.E1 9606.E3 200\n"
INFO = "#string_protein_id\tpreferred_name\tprotein_size\tannotation\n" + "".join(
    f"9606.E{i}\t{name}\t10\tsome\n" for i, name in enumerate(["MYH7", "TNNT2", "ALB"], start=1)
)


def bodies() -> dict[str, bytes]:
    """Return a small copy of every public file, by the path in its address."""
    by_name = {
        "_reads.gct.gz": gzip.compress(GCT.encode()),
        "_tpm.gct.gz": gzip.compress(GCT.encode()),
        "AttributesDS.txt": b"SAMPID\tSMTS\tSMTSD\nA\tHeart\tHeart\nB\tLiver\tLiver\n",
        ".gtf": GTF.encode(),
        "rna_tissue_hpa.tsv.zip": zipped("rna_tissue_hpa.tsv", RNA),
        "ReactomePathways.gmt.zip": zipped("ReactomePathways.gmt", PATHWAYS),
        "go-basic.obo": OBO.encode(),
        "goa_human.gaf.gz": gzip.compress(gaf().encode()),
        "links.v12.0.txt.gz": gzip.compress(LINKS.encode()),
        "info.v12.0.txt.gz": gzip.compress(INFO.encode()),
        "proteinatlas.tsv.zip": zipped("proteinatlas.tsv", ATLAS),
    }
    paths = [file.path for source in SOURCES.values() for file in source.files]
    return {
        path: next(body for end, body in by_name.items() if path.endswith(end)) for path in paths
    }
