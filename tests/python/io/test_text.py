from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tissueshap._core.errors import DataError
from tissueshap.io import _text
from tissueshap.io._text import count_lines, open_text


@pytest.mark.parametrize("line", [b"0\t" * 500 + b"\n", b"0"])
def test_a_file_that_unpacks_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes
) -> None:
    monkeypatch.setattr(_text, "_UNLIMITED_BYTES", 1 << 20)
    path = tmp_path / "bomb.tsv.gz"
    with gzip.open(path, "wb") as file:
        file.write(line * (20_000_000 // len(line)))
    for read in (count_lines, _all):
        with pytest.raises(DataError, match=r"bomb\.tsv\.gz unpacks to more than 250 times"):
            read(path)


def _all(path: Path) -> None:
    with open_text(path) as handle:
        for _ in handle:
            pass


def test_a_table_of_counts_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_text, "_UNLIMITED_BYTES", 1 << 10)
    path = tmp_path / "a.tsv.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(f"G{number}\t{number * 7919 % 1000}\n" for number in range(20_000))
    assert count_lines(path) == 20_000
