"""Samples and genes that are left out while a file is read: the result is that of reading all."""

from __future__ import annotations

import subprocess
import sys

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io, pp
from tissueshap._core.errors import DataError, DataWarning
from tissueshap.io import _matrix

_FORMS = ["counts.gct", "counts.gct.gz", "counts.tsv", "transposed.csv", "counts.h5ad"]


@pytest.fixture
def rare(files):
    """Genes with no reads in one sample more than the one before."""
    for number, row in enumerate(files.cells):
        row[:number] = ["0"] * min(number, len(row))
    return files


def _path(files, name):
    if name.endswith(".h5ad"):
        held = ad.AnnData(files.matrix.astype(np.int32))
        held.obs_names, held.var_names = files.samples, files.genes
        held.var["symbol"] = [f"SYM{number}" for number in range(8)]
        held.write_h5ad(files.folder / name)
        return files.folder / name
    if ".gct" in name:
        return files.gct(name)
    return files.table(name, transpose=name.startswith("transposed"))


@pytest.mark.parametrize("name", _FORMS)
@pytest.mark.parametrize("n", [None, 2])
def test_the_genes_are_those_of_reading_then_filtering(rare, name, n):
    path, sheet = _path(rare, name), rare.sheet()
    whole = io.read_counts(path, sheet, label="tissue")
    part = io.read_counts(path, sheet, label="tissue", min_reads=30, min_samples=n)
    pp.filter_genes(whole, min_reads=30, min_samples=n, subset=True)
    pp.filter_genes(part, min_reads=30, min_samples=n)
    assert part.var["filter_pass"].all()
    assert 3 < part.n_vars < 8
    np.testing.assert_array_equal(part.X, whole.X)
    assert part.X.dtype == np.int32
    assert part.X.flags.c_contiguous
    pd.testing.assert_frame_equal(part.var, whole.var, check_exact=True)
    pd.testing.assert_frame_equal(part.obs, whole.obs, check_exact=True)
    assert part.uns["tissueshap"]["read_counts"]["n_left_out"] == 8 - part.n_vars


@pytest.mark.parametrize("name", ["counts.gct", "counts.tsv", "counts.h5ad"])
def test_only_the_samples_of_the_table_are_counted(rare, name):
    rows = [("S6", "b", "D"), ("S5", "a", "D"), ("S1", "x1", "D"), ("S4", "a", "D")]
    path, sheet = _path(rare, name), rare.sheet(rows=rows)
    options = {"label": "tissue", "exclude": "x*", "min_class_size": 1}
    with pytest.warns(DataWarning, match="2 of 6 samples"):
        whole = io.read_counts(path, sheet, **options)
    with pytest.warns(DataWarning, match="2 of 6 samples"):
        part = io.read_counts(path, sheet, **options, min_reads=1)
    assert list(part.obs_names) == list(whole.obs_names) == ["S4", "S5", "S6"]
    pp.filter_genes(whole, min_reads=1, subset=True)
    assert list(part.var_names) == list(whole.var_names)
    np.testing.assert_array_equal(part.X, whole.X)


def test_an_empty_sample_has_no_part_in_the_size_of_its_class(files):
    rows = [(name, "ab"[at > 2], "D") for at, name in enumerate(files.samples)]
    for at, row in enumerate(files.cells):
        row[0] = "0"  # 2 of class a are left: a gene needs 2 samples, not 3
        row[1 : 1 + at % 5] = ["0"] * (at % 5)
    path, sheet = files.gct(), files.sheet(rows=rows)
    with pytest.warns(DataWarning, match="zero in every gene and are dropped: S1"):
        whole = io.read_counts(path, sheet, label="tissue")
    with pytest.warns(DataWarning, match="zero in every gene and are dropped: S1"):
        part = io.read_counts(path, sheet, label="tissue", min_reads=1)
    pp.filter_genes(whole, min_reads=1, subset=True)
    assert list(part.var_names) == list(whole.var_names)
    assert 3 < part.n_vars < 8


def test_a_sample_without_a_read_in_these_genes_is_kept(files):
    for row in files.cells[:5]:
        row[0] = "0"
    for row in files.cells[5:]:
        row[1:] = ["0"] * 5
    part = io.read_counts(files.gct(), files.sheet(), label="tissue", min_reads=1)
    assert part.shape == (6, 5)
    assert part.X[0].sum() == 0


def test_names_are_those_of_the_whole_file(rare):
    rare.genes[0], rare.genes[7] = "ENSG00000002586.18", "ENSG00000002586.19"
    part = io.read_counts(rare.gct(), rare.sheet(), label="tissue", min_reads=1)
    assert part.var_names[0] == "ENSG00000002586.18"
    rare.genes[7] = rare.genes[0]
    with pytest.raises(DataError, match="1 genes more than once"):
        io.read_counts(rare.gct(), rare.sheet(), label="tissue", min_reads=1)


def test_a_wrong_cell_is_found_in_what_is_left_out(rare):
    rare.cells[7][5] = "x"
    with pytest.raises(DataError, match="sample 'S6' is 'x', not a number"):
        io.read_counts(rare.gct(), rare.sheet(), label="tissue", min_reads=1)


@pytest.mark.parametrize("name", ["tpm.tsv", "tpm.gct"])
def test_tpm_are_those_of_the_same_genes_and_samples(rare, name):
    rows = [("S6", "b", "D"), ("S5", "a", "D"), ("S4", "a", "D")]
    with pytest.warns(DataWarning, match="3 of 6"):
        part = io.read_counts(
            rare.gct(), rare.sheet(rows=rows), label="tissue", min_reads=1, tpm=_path(rare, name)
        )
    np.testing.assert_array_equal(part.layers["tpm"], part.X)


def test_estimated_counts_are_rounded_first(files):
    files.cells = [["5.6"] * 6 for _ in range(5)] + [["5.4"] * 6 for _ in range(3)]
    files.cells[0] = ["40.5", "80", "33", "50", "61", "70"]
    part = io.read_counts(
        files.table(), files.sheet(), label="tissue", values="estimated", min_reads=6
    )
    assert part.n_vars == 5
    assert part.X.min() == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_samples": 2}, "min_samples is the number of samples for min_reads"),
        ({"min_reads": 2, "label": None}, "needs a number of samples"),
        ({"min_reads": -1}, "min_reads"),
        ({"min_reads": 1, "values": "log"}, "values='log' are not"),
        ({"min_reads": 1e6}, "0 of 8 genes have at least 1e\\+06 reads in more than 1 samples"),
    ],
)
def test_what_cannot_be_filtered_is_refused(files, options, message):
    with pytest.raises(DataError, match=message):
        io.read_counts(files.gct(), files.sheet(), **{"label": "tissue", **options})


def test_rows_that_are_not_announced_take_no_part(files):
    path = files.table()
    path.write_text("# a comment\n" * 3 + path.read_text())
    np.testing.assert_array_equal(
        io.read_counts(path, files.sheet(), label="tissue").X, files.matrix
    )


_PEAK = """
import sys
from pathlib import Path
import numpy as np
from tissueshap import io
Path("/proc/self/clear_refs").write_text("5")
def size(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
before = size("VmRSS")
adata = io.read_counts(sys.argv[1], sys.argv[2], label="tissue", min_reads=6)
print((size("VmHWM") - before) / adata.X.nbytes, *adata.shape)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux reports the memory of a process")
def test_memory_is_that_of_what_is_kept(tmp_path):
    # Rows that repeat are written fast; most genes and samples are left out.
    n_genes, n_samples = 6_000, 3_000
    names = [f"S{number}" for number in range(n_samples)]
    with (tmp_path / "a.gct").open("w") as out:
        out.write(f"#1.2\n{n_genes}\t{n_samples}\nName\tDescription\t" + "\t".join(names) + "\n")
        rows = ["\t".join(["0", "7"][n % 3 == 0] for _ in range(n_samples)) for n in range(3)]
        for gene in range(n_genes):
            out.write(f"g{gene}\tG{gene}\t{rows[gene % 3]}\n")
    (tmp_path / "s.tsv").write_text(
        "sample\ttissue\n" + "".join(f"S{n}\t{'ab'[n % 2]}\n" for n in range(2_000))
    )
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _PEAK, tmp_path / "a.gct", tmp_path / "s.tsv"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    ratio, *shape = found.stdout.split()
    assert shape == ["2000", "2000"]
    # and what reading needs in any case: a block of rows, and pandas
    assert float(ratio) < 2.5


def test_pages_are_given_back(monkeypatch):
    released = []
    monkeypatch.setattr(
        _matrix, "_release", lambda memory, start, end: released.append((start, end))
    )
    matrix = _matrix.Matrix("a file", "genes", 40, 5, "counts", partly=True)
    matrix.add(np.arange(50, dtype=np.int32).reshape(10, 5))
    matrix.trim()
    np.testing.assert_array_equal(matrix.take(np.ones(5, bool)), np.arange(50).reshape(10, 5).T)
    if sys.platform == "linux":
        # of each row what the rows before it do not need
        row = 4 * _matrix._PER_PAGE
        assert released == [(max(row * n, 40 * (n + 1)), row * (n + 1)) for n in range(5)]
