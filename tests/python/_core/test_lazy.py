"""Matrices whose rows are read or computed when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anndata as ad
import h5py
import numpy as np
import pytest
from anndata.io import sparse_dataset, write_elem
from scipy import sparse

from tissueshap._core import lazy
from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError

Maker = Callable[[np.ndarray], Any]


@pytest.fixture
def counts() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.poisson(rng.gamma(0.3, 2, (90, 1)), (90, 12)).astype(np.float32)


@pytest.fixture(params=["h5 array", "h5 csr", "zarr array", "zarr csr"])
def stored(request: pytest.FixtureRequest, counts: np.ndarray, tmp_path: Path) -> Iterator[Any]:
    store, form = request.param.split()
    if store == "h5":
        group: Any = h5py.File(tmp_path / "a.h5", "w")
    else:
        zarr = pytest.importorskip("zarr")
        group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=2)
    write_elem(group, "x", counts if form == "array" else sparse.csr_matrix(counts))
    yield group["x"] if form == "array" else sparse_dataset(group["x"])
    if store == "h5":
        group.close()


ROWS = [
    slice(3, 40),
    slice(None),
    np.array([5]),
    np.array([7, 2, 2, 80, 41]),
    np.array([], dtype=int),
    np.arange(90) % 3 == 0,
]


@pytest.mark.parametrize("rows", ROWS, ids=range(len(ROWS)))
def test_any_rows_of_a_file(stored: Any, counts: np.ndarray, rows: Any) -> None:
    matrix = lazy.lazily(stored)
    assert lazy.on_disk(stored)
    assert matrix.shape == counts.shape
    np.testing.assert_array_equal(dense(matrix[rows]), counts[rows])
    np.testing.assert_array_equal(dense(matrix[rows, [3, 1]]), counts[rows][:, [3, 1]])


def test_rows_far_apart_are_read_separately(
    stored: Any, counts: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "_GAP", 2)
    monkeypatch.setattr(lazy, "_REQUEST", 5 * counts.shape[1])
    rows = np.array([88, 3, 1, 40, 41, 42, 43, 44, 45])
    np.testing.assert_array_equal(dense(lazy.lazily(stored)[rows]), counts[rows])


def test_blocks_and_arrays(stored: Any, counts: np.ndarray) -> None:
    matrix = lazy.lazily(stored)
    np.testing.assert_array_equal(np.concatenate([part for _, part in blocks(matrix)]), counts)
    np.testing.assert_array_equal(np.asarray(matrix), counts)


def test_logarithms_of_counts_per_million(stored: Any, counts: np.ndarray) -> None:
    sizes = np.random.default_rng(1).uniform(50, 90, len(counts))
    linear = lazy.PerMillion(lazy.lazily(stored), sizes)
    matrix = lazy.LogValues(linear, offset=20, shift=1)
    expected = np.log2(counts / sizes[:, None] * 1e6 + 20) + 1
    rows, columns = np.array([70, 1, 12, 13]), np.array([5, 0])
    assert matrix.dtype == matrix[rows].dtype == np.float32
    np.testing.assert_allclose(linear[rows], (counts / sizes[:, None] * 1e6)[rows], rtol=1e-6)
    np.testing.assert_allclose(matrix[rows], expected[rows], rtol=1e-6)
    np.testing.assert_allclose(matrix.narrowed(columns)[rows], expected[rows][:, columns], 1e-6)
    for read in (matrix.read(rows), matrix.narrowed(columns).read(rows)):
        assert not lazy.on_disk(read._linear._counts)
    np.testing.assert_array_equal(matrix.read(rows)[np.array([2, 0])], matrix[rows[[2, 0]]])


def test_genes_of_genes(stored: Any, counts: np.ndarray) -> None:
    some = lazy.of_columns(lazy.of_columns(stored, np.array([7, 3, 1])), np.array([2, 0]))
    np.testing.assert_array_equal(dense(some[4:9]), counts[4:9, [1, 7]])
    np.testing.assert_array_equal(dense(some.read(np.array([4, 8]))), counts[[4, 8]][:, [1, 7]])


def test_a_matrix_stored_by_genes_is_refused(counts: np.ndarray, tmp_path: Path) -> None:
    adata = ad.AnnData(sparse.csc_matrix(counts))
    adata.write_h5ad(tmp_path / "a.h5ad")
    held = ad.read_h5ad(tmp_path / "a.h5ad", backed="r")
    with pytest.raises(DataError, match=r"gene by gene \(CSC\).*tocsr"):
        lazy.lazily(held.X)
    with pytest.raises(DataError, match=r"gene by gene"):
        list(blocks(held.X))
    held.file.close()


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix, lambda _: None])
def test_matrices_in_memory_are_not_on_disk(counts: np.ndarray, form: Maker) -> None:
    assert not lazy.on_disk(form(counts))


def test_large_is_what_does_not_fit_the_buffer(
    stored: Any, counts: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not lazy.is_large(stored)
    monkeypatch.setattr(lazy, "BUFFER", counts.size - 1)
    assert lazy.is_large(stored)
    assert not lazy.is_large(counts)
