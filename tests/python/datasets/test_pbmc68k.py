from __future__ import annotations

import numpy as np
import pytest

from tissueshap import datasets
from tissueshap._core.errors import DataError
from tissueshap.datasets._pbmc68k import integer_counts


def test_cells_and_their_types():
    adata = datasets.pbmc68k()
    assert adata.shape == (700, 765)
    assert adata.X.dtype == np.int32
    assert adata.X.flags.c_contiguous
    assert adata.X.sum() == 486_651
    sizes = adata.obs["cell_type"].value_counts()
    assert len(sizes) == 10
    assert (sizes.max(), sizes.min()) == (240, 8)
    assert sizes["CD8+/CD45RA+ Naive Cytotoxic"] == 43
    assert adata.uns["tissueshap"]["label"] == "cell_type"
    assert adata.uns["tissueshap"]["pbmc68k"]["versions"]["scanpy"]


def test_known_markers_mark_their_cells():
    adata = datasets.pbmc68k()
    mean = adata.to_df().groupby(adata.obs["cell_type"].to_numpy()).mean()
    assert mean["CD79A"].idxmax() == "CD19+ B"
    assert mean["NKG7"].idxmax() in ("CD56+ NK", "CD8+ Cytotoxic T")
    assert mean["LYZ"].idxmax() in ("CD14+ Monocyte", "Dendritic")
    assert list(adata.var["symbol"]) == list(adata.var_names)


def test_no_cell_has_more_counts_than_its_transcriptome():
    adata = datasets.pbmc68k()
    assert (adata.X.sum(axis=1) <= adata.obs["n_counts"]).all()


@pytest.fixture
def logged() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    counts = np.random.default_rng(1).poisson(2.0, (30, 40)) + np.eye(30, 40, dtype=int)
    totals = counts.sum(axis=1) * 3.0
    return np.log1p(counts / totals[:, None] * 10_000), totals, counts


def test_counts_come_back(logged):
    values, totals, counts = logged
    np.testing.assert_array_equal(integer_counts(values, totals), counts)


def test_other_values_are_refused(logged):
    values, totals, _ = logged
    with pytest.raises(DataError, match="from an integer count"):
        integer_counts(values * 1.01, totals)
    with pytest.raises(DataError, match="from an integer count"):
        integer_counts(np.zeros_like(values), totals)


def test_the_two_ways_have_to_agree(logged):
    values, totals, _ = logged
    with pytest.raises(DataError, match="in cell 0 the total count and the smallest value"):
        integer_counts(values, totals * 2)
