"""Public data by name: from a server, a mirror or the cache, checked before use."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import tissueshap as ts
from tissueshap._core.errors import DataError
from tissueshap.datasets import SOURCES, _fetch

ARCHIVE = "download/current/ReactomePathways.gmt.zip"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("name", SOURCES)
def test_every_data_set_is_fetched_once(name, portal, small):
    paths = ts.datasets.fetch(name, mirror=portal.url)
    assert list(paths) == SOURCES[name].roles()
    assert visible(small / name) == sorted(path.name for path in paths.values())
    n_asked, times = len(portal.asked), {p: p.stat().st_mtime_ns for p in paths.values()}
    assert n_asked == len(SOURCES[name].files)
    assert ts.datasets.fetch(name, mirror="http://127.0.0.1:1") == paths
    assert {p: p.stat().st_mtime_ns for p in paths.values()} == times
    assert len(portal.asked) == n_asked


def test_what_a_run_reads_can_be_read(portal):
    def one(name, role):
        return ts.datasets.fetch(name, roles=[role], mirror=portal.url)[role]

    assert set(ts.io.read_gmt(one("reactome", "gene_sets"))) == {"Muscle contraction", "Apoptosis"}
    assert "heart contraction" in ts.io.read_gmt(one("go", "gene_sets"))
    assert ts.io.read_gmt(one("tissue-specific", "gene_sets"))["liver"] == ["ALB"]
    links, names = one("string", "interactions"), one("string", "interaction_names")
    assert ts.io.read_edges(links, aliases=names)[["a", "b"]].to_numpy().tolist() == [
        ["MYH7", "TNNT2"]
    ]
    adata = ts.datasets.simulate(60, 120, tissues=["Heart", "Liver"])
    adata.var_names = [f"ENSG0000000000{i}" for i in range(3)] + list(adata.var_names[3:])
    with pytest.warns(ts.errors.DataWarning, match="has 3 of 120 genes"):
        ts.io.annotate_genes(adata, one("gtex-v10", "annotation"))
    assert list(adata.var["symbol"][:3]) == ["G0", "G1", "G2"]


def test_only_what_a_role_needs_is_fetched(portal, small):
    ts.datasets.fetch("gtex-v8", roles=["annotation"], mirror=portal.url)
    assert visible(small / "gtex-v8") == [
        "gencode.v26.GRCh38.genes.gtf",
        "gencode.v26.genes.tsv",
    ]


def test_the_record_says_what_arrived_when_and_from_where(portal, small):
    paths = ts.datasets.fetch("reactome", mirror=portal.url)
    record = json.loads((small / "reactome" / ".tissueshap-data.json").read_text())
    archive, sets = record[paths["archive"].name], record[paths["gene_sets"].name]
    assert archive["sha256"] == hashlib.sha256(portal.files[ARCHIVE]).hexdigest()
    assert archive["url"] == f"{portal.url}/{ARCHIVE}"
    assert sets["made_from"] == {paths["archive"].name: archive["sha256"]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>busy</html>", "what arrived is not the file"),
        (b"", "what arrived is not the file"),
        (None, "404"),
    ],
)
def test_another_file_is_never_used(body, message, portal, small):
    portal.files[ARCHIVE] = body
    if body is None:
        del portal.files[ARCHIVE]
    with pytest.raises(DataError, match=f"gmt.zip was not downloaded: .*{message}"):
        ts.datasets.fetch("reactome", mirror=portal.url)
    assert visible(small / "reactome") == []


def test_truncated_files_are_found_without_a_size(portal, small):
    portal.does.lengths = False
    portal.does.breaks_after = [60]
    with pytest.raises(DataError, match="what arrived is not the file"):
        ts.datasets.fetch("reactome", mirror=portal.url)
    assert visible(small / "reactome") == []
    portal.does.breaks_after = [None]
    ts.datasets.fetch("reactome", mirror=portal.url)


def test_a_part_is_kept_and_continued(portal, small):
    portal.does.breaks_after = [50] * 9
    with pytest.raises(DataError, match="run again, it continues where it stopped"):
        ts.datasets.fetch("reactome", mirror=portal.url)
    assert visible(small / "reactome") == [
        "ReactomePathways.gmt.zip.part",
        "ReactomePathways.gmt.zip.part.json",
    ]
    portal.does.breaks_after = []
    portal.asked.clear()
    paths = ts.datasets.fetch("reactome", mirror=portal.url)
    assert portal.ranges_asked() == ["bytes=50-"]
    assert paths["archive"].read_bytes() == portal.files[ARCHIVE]
    assert visible(small / "reactome") == ["ReactomePathways.gmt", "ReactomePathways.gmt.zip"]


def test_the_next_address_is_asked(portal, small, monkeypatch):
    source = SOURCES["go"]
    files = [
        _fetch.File(
            file.role,
            f"{portal.url}/nowhere",
            file.path,
            file.contents,
            (f"{portal.url}/{file.path}",),
        )
        for file in source.files
    ]
    monkeypatch.setitem(SOURCES, "go", type(source)(**{**vars(source), "files": tuple(files)}))
    paths = ts.datasets.fetch("go")
    assert paths["gene_sets"].exists()
    record = json.loads((small / "go" / ".tissueshap-data.json").read_text())
    assert record["go-basic.obo"]["url"] == f"{portal.url}/ontology/go-basic.obo"


def test_refresh_replaces_when_the_new_file_is_complete(portal, public):
    paths = ts.datasets.fetch("reactome", mirror=portal.url)
    before = paths["archive"].read_bytes()
    portal.does.status = 503
    with pytest.raises(DataError, match="503"):
        ts.datasets.fetch("reactome", mirror=portal.url, refresh=True)
    assert paths["archive"].read_bytes() == before
    portal.does.status, portal.does.etag = None, '"2"'
    portal.files[ARCHIVE] = public.zipped(
        "ReactomePathways.gmt", public.PATHWAYS.replace("CASP3", "CASP8")
    )
    ts.datasets.fetch("reactome", mirror=portal.url, refresh=True)
    assert "CASP8" in paths["gene_sets"].read_text()
    assert visible(paths["archive"].parent) == ["ReactomePathways.gmt", "ReactomePathways.gmt.zip"]


def test_a_file_of_the_users_is_checked_and_used(small, public, caplog):
    folder = small / "reactome"
    folder.mkdir(parents=True)
    path = folder / "ReactomePathways.gmt.zip"
    path.write_bytes(public.bodies()[ARCHIVE][:-30])
    with pytest.raises(DataError, match="damaged, or another file: move it away and run again"):
        ts.datasets.fetch("reactome", mirror="http://127.0.0.1:1")
    assert path.exists()
    path.write_bytes(public.bodies()[ARCHIVE])
    assert ts.datasets.fetch("reactome", mirror="http://127.0.0.1:1")["archive"] == path


def test_a_file_that_was_damaged_later_is_found(portal):
    path = ts.datasets.fetch("reactome", mirror=portal.url)["archive"]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="move it away"):
        ts.datasets.fetch("reactome", mirror=portal.url)
    path.unlink()
    assert ts.datasets.fetch("reactome", mirror=portal.url)["archive"].exists()


def test_a_table_of_the_users_is_not_overwritten(portal, small):
    folder = small / "reactome"
    folder.mkdir(parents=True)
    (folder / "ReactomePathways.gmt").write_text("mine\n")
    with pytest.raises(DataError, match=r"ReactomePathways\.gmt was changed, or was not made by"):
        ts.datasets.fetch("reactome", mirror=portal.url)
    assert (folder / "ReactomePathways.gmt").read_text() == "mine\n"


def test_nothing_else_in_the_folder_is_touched(portal, small):
    folder = small / "hpa"
    folder.mkdir(parents=True)
    (folder / "notes.txt").write_text("mine")
    (folder / ".tissueshap-data.json").write_text("not JSON")
    ts.datasets.fetch("hpa", mirror=portal.url)
    assert (folder / "notes.txt").read_text() == "mine"


def test_a_second_process_is_refused(portal, small):
    folder = small / "hpa"
    folder.mkdir(parents=True)
    code = (
        "import sys; from tissueshap._core.folders import locked\n"
        "lock = open(sys.argv[1], 'ab'); assert locked(lock); print('ready', flush=True)\n"
        "sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / ".tissueshap-data.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout is not None and other.stdin is not None
        other.stdout.readline()
        with pytest.raises(DataError, match="another process is downloading to"):
            ts.datasets.fetch("hpa", mirror=portal.url)
        other.stdin.close()
    ts.datasets.fetch("hpa", mirror=portal.url)


def test_a_file_system_without_locks_is_used(portal, monkeypatch):
    monkeypatch.setattr(_fetch, "locked", lambda _: False)
    ts.datasets.fetch("hpa", mirror=portal.url)


def test_a_wrong_name_or_role():
    with pytest.raises(DataError, match="name must be one of 'gtex-v8', .* not 'gtex'"):
        ts.datasets.fetch("gtex")
    with pytest.raises(DataError, match="roles must be 'archive' or 'gene_sets', not 'counts'"):
        ts.datasets.fetch("reactome", roles=["counts"])


def test_the_folder_is_the_setting_or_the_variable_or_the_cache(small, tmp_path, monkeypatch):
    assert _fetch._home() == small
    with ts.settings.override(datasetdir=tmp_path / "set"):
        assert _fetch._home() == tmp_path / "set"
    monkeypatch.delenv("TISSUESHAP_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert _fetch._home().name in ("tissueshap", "Cache")


def test_available_lists_sizes_and_licences(portal, small):
    before = ts.datasets.available()
    assert not before["fetched"].any()
    assert before.loc[before["role"] == "interactions", "bytes"].item() == pytest.approx(79.3e6)
    assert before["licence"].all() and before["terms"].str.startswith("https://").all()
    assert before.loc[before["address"] != "", "address"].str.startswith("https://").all()
    path = ts.datasets.fetch("reactome", mirror=portal.url)["gene_sets"]
    after = ts.datasets.available().set_index(["name", "role"])
    assert after.loc[("reactome", "gene_sets"), "bytes"] == path.stat().st_size
    assert after.loc["reactome", "fetched"].all()


def test_the_servers_are_asked_for_sizes(portal, monkeypatch):
    for name, source in SOURCES.items():
        files = tuple(
            type(file)(**{**vars(file), "base": portal.url, "size": None}) for file in source.files
        )
        monkeypatch.setitem(SOURCES, name, type(source)(**{**vars(source), "files": files}))
    table = ts.datasets.available(ask=True)
    sizes = table[table["address"] != ""]["bytes"]
    assert sorted(sizes) == sorted(map(len, portal.files.values()))
    assert pd.isna(table[table["address"] == ""]["bytes"]).all()


@pytest.mark.data
@pytest.mark.parametrize("role", ["reads"])
def test_a_real_matrix_that_is_not_whole_gtex_is_refused(role, data_dir, tmp_path):
    """The panel has all samples of GTEx v8, and 59 genes of 56,200."""
    name = next(file.name for file in SOURCES["gtex-v8"].files if file.role == role)
    os.symlink(data_dir / "gtex_v8_panel" / "gene_reads.gct.gz", tmp_path / name)
    with pytest.raises(DataError, match="59 genes x 17,382 samples, and should have at least"):
        ts.datasets.fetch("gtex-v8", roles=[role], folder=tmp_path)
