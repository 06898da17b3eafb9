"""Estimated counts, as of RSEM and salmon, are rounded, and nothing else is."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError


@pytest.fixture
def estimates(files):
    files.cells = [
        [f"{int(cell) * 3 + 0.25 * at}" for at, cell in enumerate(row)] for row in files.cells
    ]
    return files


def fractions(files) -> np.ndarray:
    return np.array(files.cells, dtype=float).T


@pytest.mark.parametrize("form", ["table", "turned", "gct", "h5ad", "zarr"])
def test_fractions_are_rounded_and_recorded(estimates, form):
    values = fractions(estimates)
    path = {
        "table": estimates.table,
        "turned": lambda: estimates.table(transpose=True),
        "gct": estimates.gct,
    }.get(form, lambda: stored(estimates, form))()
    adata = io.read_counts(path, estimates.sheet(), label="tissue", values="estimated")
    np.testing.assert_array_equal(adata.X, np.rint(values))
    assert adata.X.dtype == np.int32
    entry = adata.uns["tissueshap"]["read_counts"]
    assert entry["params"]["values"] == "estimated"
    assert entry["n_rounded"] == (values != np.rint(values)).sum() > 0


def stored(files, form):
    adata = ad.AnnData(fractions(files))
    adata.obs_names, adata.var_names = files.samples, files.genes
    path = files.folder / f"a.{form}"
    return io.write_zarr(adata, path) if form == "zarr" else io.write_h5ad(adata, path)


def test_the_error_about_fractions_offers_it(estimates):
    for path in (estimates.table(), estimates.gct(), stored(estimates, "h5ad")):
        with pytest.raises(DataError, match="not an integer: values='estimated' rounds"):
            io.read_counts(path, estimates.sheet())


def test_integer_counts_stay(files):
    adata = io.read_counts(files.table(), files.sheet(), values="estimated")
    np.testing.assert_array_equal(adata.X, files.matrix)
    assert adata.uns["tissueshap"]["read_counts"]["n_rounded"] == 0


def test_as_nf_core_and_tximport_write_them(estimates):
    """Two columns of names, or quotes and a header that is one name short."""
    rows = [
        [g, f"SYM{n}", *row]
        for n, (g, row) in enumerate(zip(estimates.genes, estimates.cells, strict=True))
    ]
    lines = ["\t".join(row) for row in [["gene_id", "gene_name", *estimates.samples], *rows]]
    merged = estimates.write("salmon.merged.gene_counts.tsv", "\n".join(lines))
    adata = io.read_counts(merged, estimates.sheet(), label="tissue", values="estimated")
    assert list(adata.var["symbol"]) == [f"SYM{n}" for n in range(8)]
    np.testing.assert_array_equal(adata.X, np.rint(fractions(estimates)))
    lines = [" ".join(f'"{name}"' for name in estimates.samples)]
    lines += [
        " ".join([f'"{g}"', *row]) for g, row in zip(estimates.genes, estimates.cells, strict=True)
    ]
    adata = io.read_counts(
        estimates.write("t.txt", "\n".join(lines)), estimates.sheet(), values="estimated"
    )
    np.testing.assert_array_equal(adata.X, np.rint(fractions(estimates)))


def test_tpm_and_logarithms_are_not_counts(files):
    values = files.matrix / files.matrix.sum(axis=1, keepdims=True) * 1e6
    files.cells = [[f"{value:.6f}" for value in row] for row in values.T]
    with pytest.raises(DataError, match="add up to 1,000,000, as TPM and CPM do"):
        io.read_counts(files.table(), files.sheet(), values="estimated")
    files.cells = [[f"{np.log2(float(cell) + 1):.4f}" for cell in row] for row in files.cells]
    with pytest.raises(DataError, match="as on a log scale: .*values='log'"):
        io.read_counts(files.table(), files.sheet(), values="estimated")


@pytest.mark.parametrize("cell", ["-0.5", "NA", "inf", "3e9"])
def test_what_is_no_estimate_is_refused(estimates, cell):
    estimates.cells[1][2] = cell
    with pytest.raises(DataError, match=f"gene '{estimates.genes[1]}' in sample 'S3'"):
        io.read_counts(estimates.table(), estimates.sheet(), values="estimated")
