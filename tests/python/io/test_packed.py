"""Large matrices of .h5ad files, which threads compress."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pytest
from scipy import sparse

import tissueshap as ts
from tissueshap.io import _packed


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have matrices of some thousand bytes count as large, in chunks of 700 values."""
    monkeypatch.setattr(_packed, "_LARGE", 4000)
    monkeypatch.setattr(_packed, "_CHUNK", 700)


def _matrix(n_rows: int, n_columns: int, dtype: str) -> np.ndarray:
    values = np.random.default_rng(1).normal(size=(n_rows, n_columns)) * 100
    return values.astype(dtype)


@pytest.mark.parametrize(
    "dtype", ["int32", "int64", "uint8", "float16", "float32", ">f4", "float64"]
)
@pytest.mark.parametrize("shape", [(101, 60), (700, 9), (7, 1500), (1, 4096), (4096, 1)])
def test_values_are_those_in_memory(tmp_path: Path, dtype: str, shape: tuple[int, int]) -> None:
    X = _matrix(*shape, dtype)
    if X.dtype.kind == "f":
        X[0] = np.nan
    path = ts.io.write_h5ad(ad.AnnData(X, layers={"other": np.asfortranarray(X)}), tmp_path / "a")
    found = ad.read_h5ad(path)
    for values in (found.X, found.layers["other"]):
        assert values.dtype == X.dtype
        np.testing.assert_array_equal(values, X)
    with h5py.File(path) as file:
        large = X.nbytes >= 4000
        assert large or not file["X"].shuffle
        assert file["X"].compression == "gzip"
        assert dict(file["X"].attrs) == {"encoding-type": "array", "encoding-version": "0.2.0"}
        assert not large or int(np.prod(file["X"].chunks)) <= 700


@pytest.mark.parametrize("n_jobs", [1, 3])
@pytest.mark.parametrize("shuffled", [True, False])
def test_chunks_are_those_of_hdf5(tmp_path: Path, n_jobs: int, shuffled: bool) -> None:
    X = _matrix(200, 40, "float32")
    if not shuffled:
        X = np.where(X > 0, X[0, 0], X[0, 1])
    with ts.settings.override(n_jobs=n_jobs):
        path = ts.io.write_h5ad(ad.AnnData(X), tmp_path / "a.h5ad")
    with h5py.File(path) as file:
        assert file["X"].shuffle == shuffled
        stored = [file["X"].id.read_direct_chunk((row, 0))[1] for row in range(0, 200, 17)]
        whole = file["X"].id.get_num_chunks()
    assert len(stored) == whole == 12
    h5py_own = tmp_path / "b.h5"
    with h5py.File(h5py_own, "w") as file:
        how = {"chunks": (17, 40), "compression": "gzip", "compression_opts": _packed._LEVEL}
        own = file.create_dataset("X", data=X, shuffle=shuffled, **how)
        assert [own.id.read_direct_chunk((row, 0))[1] for row in range(0, 200, 17)] == stored


def test_what_is_not_a_large_matrix_is_left_to_anndata(tmp_path: Path) -> None:
    adata = ad.AnnData(sparse.random(200, 50, 0.2, format="csr", random_state=1))
    adata.layers["marked"] = np.ones(adata.shape, dtype=bool)
    adata.raw = adata
    adata.obsm["frame"] = adata.obs.assign(x=1.5)
    adata.uns["deep"] = {"cube": np.zeros((20, 20, 20)), "matrix": _matrix(60, 40, "float64")}
    found = ad.read_h5ad(ts.io.write_h5ad(adata, tmp_path / "a.h5ad"))
    assert (found.X != adata.X).nnz == 0
    assert (found.raw.X != adata.X).nnz == 0
    assert found.layers["marked"].all()
    assert found.obsm["frame"].equals(adata.obsm["frame"])
    np.testing.assert_array_equal(found.uns["deep"]["cube"], 0)
    np.testing.assert_array_equal(found.uns["deep"]["matrix"], adata.uns["deep"]["matrix"])


def test_without_x_there_is_none_in_the_file(tmp_path: Path) -> None:
    adata = ad.AnnData(layers={"log2": _matrix(50, 40, "float32")})
    with h5py.File(ts.io.write_h5ad(adata, tmp_path / "a.h5ad")) as file:
        assert "X" not in file
        assert "raw" not in file  # a null element cannot be read by anndata before 0.11


def test_a_matrix_in_a_file_is_copied(tmp_path: Path) -> None:
    X = _matrix(101, 60, "float32")
    path = ts.io.write_h5ad(ad.AnnData(X), tmp_path / "a.h5ad")
    backed = ts.io.read_h5ad(path, backed=True)
    copied = ts.io.write_h5ad(backed, tmp_path / "b.h5ad")
    np.testing.assert_array_equal(ad.read_h5ad(copied).X, X)
