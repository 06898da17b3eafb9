"""The factors that need no R are those of edgeR."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap.pp import effective_sizes, tmm

pytestmark = pytest.mark.r


def sizes(adata, record):
    counts = record["reference"].set_index("gene")["count"].reindex(adata.var_names)
    return effective_sizes(adata.X, counts.to_numpy(), float(record["reference_scale"]))


def test_effective_library_sizes_are_those_of_pp_tmm(toy):
    tmm(toy)
    expected = toy.obs["lib_size"] * toy.obs["norm_factor"]
    np.testing.assert_allclose(sizes(toy, toy.uns["tissueshap"]["tmm"]), expected, rtol=1e-12)


def test_real_samples_have_the_same_sizes(data_dir):
    from tissueshap.io import read_counts

    folder = data_dir / "gtex_mosaic"
    adata = read_counts(folder / "counts.tsv.gz", folder / "samples.tsv.gz")[:30].copy()
    tmm(adata)
    expected = adata.obs["lib_size"] * adata.obs["norm_factor"]
    np.testing.assert_allclose(sizes(adata, adata.uns["tissueshap"]["tmm"]), expected, rtol=1e-12)


def test_samples_with_nothing_in_common_have_factor_one():
    assert effective_sizes(np.array([[0, 5, 0]]), np.array([3, 0, 4]), 1.0) == [5.0]
