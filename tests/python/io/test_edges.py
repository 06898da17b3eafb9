"""Interaction networks from STRING's formats."""

import gzip

import pytest

from tissueshap._core.errors import DataError
from tissueshap.io._edges import read_edges

LINKS = """protein1 protein2 combined_score
9606.P2 9606.P1 900
9606.P1 9606.P2 900
9606.P1 9606.P3 399
9606.P3 9606.P3 999
9606.P3 9606.P2 400
"""
INFO = """#string_protein_id\tpreferred_name\tprotein_size\tannotation
9606.P1\tTNNT2\t1\tcardiac "troponin
9606.P2\tMYH6\t1\tx
9606.P3\tACTC1\t1\tx
"""


def test_links_are_cut_named_and_made_unique(tmp_path):
    links = tmp_path / "9606.protein.links.txt.gz"
    with gzip.open(links, "wt") as file:
        file.write(LINKS)
    info = tmp_path / "info.txt"
    info.write_text(INFO)
    edges = read_edges(links, aliases=info)
    assert edges[["a", "b"]].to_numpy().tolist() == [["ACTC1", "MYH6"], ["MYH6", "TNNT2"]]
    assert edges["score"].tolist() == [0.4, 0.9]


def test_scores_of_the_interactive_download_are_fractions(tmp_path):
    path = tmp_path / "interactions.tsv"
    path.write_text("#preferredName_A\tpreferredName_B\tscore\nA\tB\t0.41\nA\tC\t0.2\n")
    assert read_edges(path)[["a", "b"]].to_numpy().tolist() == [["A", "B"]]


@pytest.mark.data
def test_symbols_of_the_annotation_folder(data_dir):
    edges = read_edges(data_dir / "annotation" / "string_edges_symbols.tsv.gz")
    assert list(edges.columns) == ["a", "b"]
    assert len(edges) > 100_000
    assert (edges["a"] < edges["b"]).all()
    assert not edges.duplicated().any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x\ty\nA\tB\n", "rename the two columns"),
        ("a\tb\tscore\nA\tB\tstrong\n", "line 2: the score 'strong' is not a number"),
        ("a\tb\tscore\nA\tB\t0.1\n", "lower score="),
    ],
)
def test_wrong_files_are_named(tmp_path, text, message):
    path = tmp_path / "edges.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_edges(path)
