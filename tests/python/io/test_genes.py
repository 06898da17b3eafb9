from __future__ import annotations

import pandas as pd
import pytest

from tissueshap.io._genes import gene_columns, gene_frame, strip_version, unique_names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ENSG00000002586.18", "ENSG00000002586"),
        ("ENSG00000002586", "ENSG00000002586"),
        ("ENSG00000002586.18_PAR_Y", "ENSG00000002586"),
        ("ENSMUSG00000000001.4", "ENSMUSG00000000001"),
        ("AC004.2", "AC004.2"),
        ("HLA-A", "HLA-A"),
        ("1.5", "1.5"),
    ],
)
def test_versions(name, expected):
    assert strip_version(name) == expected


def test_names_are_unique_and_as_short_as_can_be():
    names = ["ENSG00000002586.18", "ENSG00000002586.18_PAR_Y", "ENSG00000000001.1"]
    assert unique_names(names) == ["ENSG00000002586", "ENSG00000002586_PAR_Y", "ENSG00000000001"]
    twice = ["ENSG00000000001.1", "ENSG00000000001.2", "ENSG00000000002.1"]
    assert unique_names(twice) == [*twice[:2], "ENSG00000000002"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ENSG00000223972.5_4", "ENSG00000223972"),
        ("ENSG00000223972_4", "ENSG00000223972"),
        ("ENSG00000182378.15_PAR_Y_5", "ENSG00000182378"),
        ("ENSG00000182378.15_5_PAR_Y", "ENSG00000182378"),
        ("ENSGR0000182378.10", "ENSG00000182378"),
        ("ENST00000456328.2_1", "ENST00000456328"),
        ("ENSG00000223972.5_4x", "ENSG00000223972.5_4x"),
        ("LRG_1", "LRG_1"),
    ],
)
def test_versions_of_gencode(name, expected):
    assert strip_version(name) == expected


def test_the_older_mark_of_chromosome_y():
    names = ["ENSG00000182378.10", "ENSGR0000182378.10", "ENSG00000000003.1_2"]
    assert unique_names(names) == ["ENSG00000182378", "ENSG00000182378_PAR_Y", "ENSG00000000003"]


IDS = [f"ENSG{number:011d}.{number}" for number in range(1, 5)]
SYMBOLS = ["TP53", "MYC", "HLA-A", "7SK"]
HEADERS = {
    "BioMart": ("Gene stable ID version", "Gene name", "Gene type"),
    "biomaRt": ("ensembl_gene_id", "external_gene_name", "gene_biotype"),
    "biomaRt HGNC": ("ensembl_gene_id_version", "hgnc_symbol", "gene_biotype"),
    "Expression Atlas": ("Gene ID", "Gene Name", "Biotype"),
    "GENCODE": ("gene_id", "gene_name", "gene_type"),
    "CELLxGENE": ("feature_id", "feature_name", "feature_type"),
    "R": ("", "symbol", "biotype"),
}


@pytest.mark.parametrize("source", HEADERS)
def test_headers_of_the_usual_sources(source):
    names = HEADERS[source]
    columns = [IDS, SYMBOLS, ["protein_coding"] * 4]
    found = gene_columns({name: pd.Series(c) for name, c in zip(names, columns, strict=True)})
    assert list(found["gene_id"]) == [strip_version(one) for one in IDS]
    assert list(found["symbol"]) == SYMBOLS
    assert set(found["biotype"]) == {"protein_coding"}


def test_ncbi_says_protein_coding_with_a_hyphen_and_geneid_of_entrez():
    columns = {
        "GeneID": [7157, 4609],
        "Symbol": ["TP53", "MYC"],
        "type_of_gene": ["protein-coding"] * 2,
    }
    found = gene_columns({name: pd.Series(c) for name, c in columns.items()})
    assert list(found["entrez_id"]) == ["7157", "4609"]
    assert "gene_id" not in found
    assert set(found["biotype"]) == {"protein_coding"}


@pytest.mark.parametrize(
    ("description", "slot"),
    [
        (["na"] * 4, None),
        (["protein_coding"] * 4, None),
        ([f"{one} family member [Source:HGNC]" for one in SYMBOLS], None),
        (["tumour protein p53", "MYC", "HLA-A", "7SK"], "symbol"),
        (SYMBOLS, "symbol"),
        (IDS, "gene_id"),
        (["7157", "4609", "3105", "125050"], "entrez_id"),
        (["1.5", "2.5", "3.5", "4"], None),
    ],
)
def test_a_description_is_what_its_values_are(description, slot):
    frame = gene_frame(SYMBOLS, {"Description": description})
    assert list(frame["gene_id"]) == (
        [strip_version(one) for one in IDS] if slot == "gene_id" else SYMBOLS
    )
    if slot == "symbol":
        words = [one if " " not in one else "" for one in description]
        assert list(frame["symbol"]) == words
    elif slot != "gene_id":
        assert "symbol" not in frame


def test_identifiers_of_other_organisms_stay_identifiers():
    genes = ["YAL001C", "YAL002W", "YAL003W", "YAL005C"]
    frame = gene_frame(genes, {"gene_name": ["TFC3", "VPS8", "EFB1", "SSA1"], "gene": genes})
    assert list(frame["gene_id"]) == genes
    assert list(frame["symbol"]) == ["TFC3", "VPS8", "EFB1", "SSA1"]
