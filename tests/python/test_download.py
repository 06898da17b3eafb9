"""The command ``tissueshap download``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import tissueshap as ts
from tissueshap.cli import app


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["download", *words])


def test_it_prints_where_the_files_are(small: Path, mirror: str) -> None:
    result = invoke("reactome", "string", "--mirror", mirror)
    assert result.exit_code == 0
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[:2] for row in rows] == [
        ["reactome", "archive"],
        ["reactome", "gene_sets"],
        ["string", "interactions"],
        ["string", "interaction_names"],
    ]
    assert all(Path(row[2]).is_file() and small in Path(row[2]).parents for row in rows)


def test_another_folder_and_a_single_file(small: Path, mirror: str, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    result = invoke("gtex-v8", "--only", "annotation", "--dir", str(folder), "--mirror", mirror)
    assert result.stdout.splitlines() == [
        f"gtex-v8\tannotation\t{folder / 'gtex-v8' / 'gencode.v26.genes.tsv'}"
    ]
    assert not small.exists()
    assert ts.settings.datasetdir is None


@pytest.mark.parametrize("words", [[], ["--list"]])
def test_the_list_has_sizes_and_licences(words: list[str], small: Path, mirror: str) -> None:
    invoke("reactome", "--mirror", mirror)
    said = invoke(*words).stdout
    for name in ts.datasets.SOURCES:
        assert re.search(rf"^{name}: ", said, flags=re.MULTILINE)
    assert "licence: CC0 1.0, https://reactome.org/license" in said
    assert re.search(r"interactions +79\.3 MB  https://stringdb-downloads\.org/", said)
    assert re.search(r"reads +unknown  https://storage\.googleapis\.com/", said)
    assert re.search(r"archive +0\.0 MB  fetched", said)
    assert invoke("--list", "hpa").stdout.startswith("hpa: ")


def test_a_wrong_name_is_refused_before_anything_is_fetched(small: Path, mirror: str) -> None:
    result = invoke("reactome", "reactom", "--mirror", mirror)
    assert result.exit_code == 2
    assert "Error: NAMES must be one of 'gtex-v8'" in result.stderr
    assert not small.exists()


def test_an_address_without_the_files(small: Path, tmp_path: Path) -> None:
    result = invoke("reactome", "--mirror", (tmp_path / "nowhere").as_uri())
    assert result.exit_code == 2
    assert result.stderr.count("Error: ") == 1
    assert "name a mirror; or put the file at" in result.stderr


def test_stopped_by_the_user(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ts.datasets, "fetch", stop)
    result = invoke("reactome")
    assert result.exit_code == 130
    assert "run it again to continue" in result.stderr
