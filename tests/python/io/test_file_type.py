"""A file of another kind is named, from its content, with the way to read it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pytest
import scipy.io
from scipy import sparse

from tissueshap import io
from tissueshap._core.errors import DataError

TEXT = b"id\tS1\tS2\nA\t1\t2\nB\t3\t4\nC\t5\t6\nD\t7\t8\n"


def hdf5(path: Path, fill: Callable[[h5py.File], object]) -> None:
    with h5py.File(path, "w") as file:
        fill(file)


def zipped(path: Path, name: str = "counts.tsv") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, TEXT)


def tarred(path: Path) -> None:
    (path.parent / "c.tsv").write_bytes(TEXT)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(path.parent / "c.tsv")


def mtx(path: Path) -> None:
    with path.open("wb") as file:
        scipy.io.mmwrite(file, sparse.csr_matrix(np.eye(3)))


def npy(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.ones(3))


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "bzip2": (lambda p: p.write_bytes(bz2.compress(TEXT)), "compressed with bzip2.*bunzip2"),
    "xz": (lambda p: p.write_bytes(lzma.compress(TEXT)), "compressed with xz.*unxz"),
    "zip": (zipped, r"a zip archive \(counts.tsv\): unpack it"),
    "xlsx": (lambda p: zipped(p, "xl/workbook.xml"), r"an Excel workbook \(.xlsx\).*CSV"),
    "npz": (lambda p: zipped(p, "X.npy"), r"NumPy's .npz"),
    "damaged zip": (lambda p: p.write_bytes(b"PK\x03\x04" + TEXT), "a zip archive"),
    "tar.gz": (tarred, "within gzip a tar archive"),
    "utf-16": (lambda p: p.write_text(TEXT.decode(), encoding="utf-16"), "text in UTF-16.*UTF-8"),
    "mtx": (mtx, r"Matrix Market.*scanpy.read_10x_mtx"),
    "mtx.gz": (
        lambda p: p.write_bytes(gzip.compress(b"%%MatrixMarket matrix")),
        "within gzip a sp",
    ),
    "xls": (lambda p: p.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(9)), r"Excel workbook \(.xls\)"),
    "parquet": (lambda p: p.write_bytes(b"PAR1\x15\x04"), "a Parquet file.*read_parquet"),
    "html": (lambda p: p.write_bytes(b"\n<!DOCTYPE html><html>"), "a web page.*fetch it again"),
    "rds": (lambda p: p.write_bytes(gzip.compress(b"X\n\0\0\0\x03")), "within gzip an R object"),
    "rdata": (lambda p: p.write_bytes(gzip.compress(b"RDX3\nX\n")), "R data.*write.csv"),
    "npy": (npy, "a NumPy array"),
    "10x": (
        lambda p: hdf5(p, lambda f: f.create_dataset("matrix/data", data=np.arange(5))),
        "HDF5 of 10x.*scanpy.read_10x_h5",
    ),
    "loom": (
        lambda p: hdf5(p, lambda f: f.create_dataset("matrix", data=np.ones((3, 3)))),
        "HDF5 of loom.*read_loom",
    ),
    "h5mu": (lambda p: hdf5(p, lambda f: f.create_group("mod/rna")), "HDF5 of MuData"),
    "h5seurat": (lambda p: hdf5(p, lambda f: f.create_group("assays")), "h5Seurat"),
    "hdf5": (lambda p: hdf5(p, lambda f: f.create_group("x")), "no obs and var, only x"),
}


@pytest.mark.parametrize("name", ["counts.tsv", "counts.h5ad", "counts.gct.gz"])
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_are_known_whatever_the_name(kind, name, tmp_path):
    make, message = KINDS[kind]
    path = tmp_path / name
    make(path)
    with pytest.raises(DataError, match=rf"{name}.* is .*{message}"):
        io.read_counts(path, orient="genes-in-rows")


@pytest.mark.parametrize("kind", KINDS)
def test_readers_of_other_tables_know_them_too(kind, tmp_path):
    path = tmp_path / "table.tsv"
    KINDS[kind][0](path)
    adata = ad.AnnData(np.ones((2, 2), dtype=np.int32))
    for read in (io.read_gmt, io.read_edges, lambda file: io.annotate_genes(adata, file)):
        with pytest.raises(DataError, match=rf"table.tsv is .*{KINDS[kind][1]}"):
            read(path)


def test_folders(tmp_path):
    (tmp_path / "matrix.mtx.gz").write_bytes(b"x")
    with pytest.raises(DataError, match=r"10x.*scanpy.read_10x_mtx"):
        io.read_counts(tmp_path)
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / ".zgroup").write_text('{"zarr_format": 2}')
    with pytest.raises(DataError, match="damaged zarr store, or not an AnnData"):
        io.read_counts(tmp_path / "a.zarr")
    with pytest.raises(DataError, match=r"zarr store: ts\.io\.read_zarr"):
        io.read_h5ad(tmp_path / "a.zarr")


def test_an_h5ad_of_another_name_is_read(tmp_path):
    adata = ad.AnnData(np.arange(1, 13, dtype=np.int32).reshape(2, 6))
    io.write_h5ad(adata, tmp_path / "counts.h5")
    np.testing.assert_array_equal(io.read_counts(tmp_path / "counts.h5").X, adata.X)
    with pytest.raises(DataError, match=r"an AnnData in HDF5, .*ts\.io\.read_h5ad"):
        io.read_gmt(tmp_path / "counts.h5")


@pytest.mark.parametrize("gene", ["PAR1", "RDX", "BZW1", "A", "X"])
def test_text_that_starts_like_another_kind(gene, tmp_path):
    lines = [f"{gene}\tS2", *(f"g{n}\t{n}\t{n + 1}" for n in range(1, 6))]
    (tmp_path / "c.tsv").write_text("\n".join(lines))
    adata = io.read_counts(tmp_path / "c.tsv", orient="genes-in-rows")
    assert list(adata.obs_names) == [gene, "S2"]
