from __future__ import annotations

import gzip

import pytest

from tissueshap import io
from tissueshap._core.errors import DataError


def test_sets(tmp_path):
    path = tmp_path / "a.gmt.gz"
    text = "A set / é\thttp://x\tG1\tG2\tG1\t\n\nB\t\tG3\r\n"
    path.write_bytes(gzip.compress(text.encode()))
    assert io.read_gmt(path) == {"A set / é": ["G1", "G2"], "B": ["G3"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A\tx\tG1\nB\tx\n", r"a\.gmt, line 2: a gene set needs a name"),
        ("A,x,G1\n", r"a\.gmt, line 1: a gene set needs"),
        ("A\tx\tG1\nA\tx\tG2\n", r"line 2: the set 'A' occurs twice"),
        ("", "is empty"),
    ],
)
def test_what_is_no_gmt(tmp_path, text, message):
    (tmp_path / "a.gmt").write_text(text)
    with pytest.raises(DataError, match=message):
        io.read_gmt(tmp_path / "a.gmt")


@pytest.mark.parametrize(
    ("name", "n"),
    [("reactome_symbols", 2546), ("go_bp_2021_symbols", 6036), ("hallmark_v7_symbols", 50)],
)
def test_real_sets(data_dir, name, n):
    sets = io.read_gmt(data_dir / "annotation" / f"{name}.gmt.gz")
    assert len(sets) == n
    assert min(map(len, sets.values())) >= 1
    assert all(len(set(genes)) == len(genes) for genes in sets.values())
