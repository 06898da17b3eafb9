"""Tables that are made from the public files."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError
from tissueshap.datasets import _derive
from tissueshap.datasets._contents import Contents

ANY = Contents("", member=".tsv")


@pytest.fixture
def go(tmp_path: Path, public) -> tuple[Path, Path, Path]:
    ontology, annotations = tmp_path / "go.obo", tmp_path / "human.gaf.gz"
    ontology.write_text(public.OBO)
    annotations.write_bytes(gzip.compress(public.gaf().encode()))
    return ontology, annotations, tmp_path / "go.gmt"


def test_processes_have_the_genes_of_their_kinds_and_parts(go):
    ontology, annotations, out = go
    _derive.processes(ontology, annotations, out)
    assert io.read_gmt(out) == {
        "heart process": ["ALB", "MYH7", "TNNT2"],
        "heart contraction": ["MYH7", "TNNT2"],
    }
    assert out.read_text().splitlines()[0].split("\t")[:2] == ["heart process", "GO:0000001"]


def test_another_ontology(go, public):
    ontology, annotations, out = go
    ontology.write_text("format-version: 1.2\n\n[Term]\nid: GO:1\nname: a\nnamespace: other\n")
    with pytest.raises(DataError, match="has no biological process"):
        _derive.processes(ontology, annotations, out)
    ontology.write_text(public.OBO)
    annotations.write_bytes(gzip.compress(b"!gaf-version: 2.2\n"))
    with pytest.raises(DataError, match="has no gene of a process"):
        _derive.processes(ontology, annotations, out)


def test_genes_of_each_tissue(tmp_path, public):
    archive, out = tmp_path / "atlas.zip", tmp_path / "tissues.gmt"
    archive.write_bytes(public.zipped("proteinatlas.tsv", public.ATLAS))
    _derive.specific_genes(archive, contents=ANY, out=out)
    assert io.read_gmt(out) == {
        "heart muscle": ["MYH7"],
        "liver": ["ALB"],
        "skeletal muscle": ["MYH7"],
        "stomach": ["PGC"],
    }
    archive.write_bytes(public.zipped("proteinatlas.tsv", public.ATLAS.replace(":", "=")))
    with pytest.raises(DataError, match="is of the form 'liver"):
        _derive.specific_genes(archive, contents=ANY, out=out)


def test_gene_table(tmp_path, public):
    gtf, out = tmp_path / "genes.gtf", tmp_path / "genes.tsv"
    gtf.write_text(public.GTF)
    _derive.annotation(gtf, out)
    table = pd.read_csv(out, sep="\t")
    assert list(table.columns) == ["gene_id", "gene_name", "gene_type", "length"]
    assert list(table["length"]) == [50, 50, 50]
    gtf.write_text("##description: nothing\n")
    with pytest.raises(DataError, match="has no exons"):
        _derive.annotation(gtf, out)


def test_a_file_of_an_archive_is_the_same(tmp_path, public):
    archive, out = tmp_path / "atlas.zip", tmp_path / "atlas.tsv"
    archive.write_bytes(public.zipped("proteinatlas.tsv", public.ATLAS))
    _derive.member(archive, contents=ANY, out=out)
    assert out.read_text() == public.ATLAS
