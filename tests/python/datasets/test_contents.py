"""What is refused of a downloaded file."""

from __future__ import annotations

import gzip
import io
import zipfile
from pathlib import Path

import pytest

from tissueshap._core.errors import DataError
from tissueshap.datasets._contents import Contents

TEXT = "protein1 protein2\n" + "A B\n" * 2000
LINKS = Contents("protein1 protein2", 2000)
GCT = Contents(r"#1\.2", gct=(2, 2))
TABLE = "#1.2\n3\t2\nName\tDescription\tA\tB\n" + "G\tg\t1\t2\n" * 3


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return held.getvalue()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("body", [TEXT.encode(), gzip.compress(TEXT.encode())])
def test_the_file_that_it_should_be(path, body):
    path.write_bytes(body)
    LINKS.check(path)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is empty"),
        (b"<!DOCTYPE html><html>busy</html>", "a web page"),
        (b"item1 item2\nA B\n", "starts with 'item1 item2'"),
        (TEXT[:100].encode(), r"has 22 lines, and should have at least 2,000"),
        (gzip.compress(TEXT.encode())[:-20], "damaged gzip"),
        (gzip.compress(TEXT.encode())[:-8] + b"12345678", "damaged gzip"),
        (b"protein1 protein2\n\xff\xfe\xff", "not UTF-8"),
    ],
)
def test_another_file(path, body, message):
    path.write_bytes(body)
    with pytest.raises(DataError, match=message):
        LINKS.check(path)


def test_a_matrix_has_the_lines_that_it_announces(path):
    path.write_text(TABLE)
    GCT.check(path)
    for text, message in (
        (TABLE + "G\tg\t1\t2\n", "has 7 lines, and should have 6"),
        (TABLE[:-8], "has 5 lines, and should have 6"),
        (TABLE.replace("3\t2", "3\t1"), r"3 genes x 1 samples, .* at least 2 x 2"),
        (TABLE.replace("3\t2", "many\tmore"), "does not announce its genes"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            GCT.check(path)


def test_a_file_within_an_archive(path):
    contents = Contents("protein1", 2000, member=".txt")
    path.write_bytes(zipped("some/file.txt"))
    contents.check(path)
    body = zipped("file.txt")
    for wrong, message in (
        (zipped("other.csv"), r"has 0 files \*\.txt, and should have one: other\.csv"),
        (zipped("a.txt", "b.txt"), "has 2 files"),
        (body[:-30], "not a zip archive of text, or is damaged"),
        (body.replace(body[60:64], b"\0\0\0\0"), "damaged"),
    ):
        path.write_bytes(wrong)
        with pytest.raises(DataError, match=message):
            contents.check(path)
