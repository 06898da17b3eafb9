"""Where counts are, and what is said of values that are not counts."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest

from tissueshap._core.counts import check_counts, counts_of, counts_place, remember
from tissueshap._core.errors import DataError


@pytest.fixture
def logged(toy: ad.AnnData) -> ad.AnnData:
    """As scanpy's users have it: log1p in X and raw, counts in a layer."""
    toy.layers["counts"] = toy.X.copy()
    toy.X = np.log1p(toy.X)
    return toy


def test_a_layer_is_read_and_remembered(logged: ad.AnnData) -> None:
    found = counts_of(logged, "counts")
    assert found.values is logged.layers["counts"]
    assert found.where == "adata.layers['counts']"
    assert check_counts(found) == logged.layers["counts"].max()
    assert counts_of(logged).place == "counts"
    assert counts_of(logged, "X").place == "X"
    assert "assay" not in logged.uns["tissueshap"]


def test_the_likely_layer_is_named(logged: ad.AnnData) -> None:
    logged.layers["in_use"] = (logged.X > 0).astype(np.int8)
    words = r"adata\.layers\['counts'\] holds counts: pass layer='counts'"
    with pytest.raises(DataError, match=words):
        check_counts(counts_of(logged))
    with pytest.raises(DataError, match=words):
        check_counts(counts_of(logged, "X"))
    logged.X = None
    with pytest.raises(DataError, match=f"is empty: {words}"):
        check_counts(counts_of(logged))


def test_raw_is_read_for_the_genes_of_adata(logged: ad.AnnData) -> None:
    counts = logged.layers["counts"].copy()
    logged.raw = ad.AnnData(counts, obs=logged.obs, var=logged.var)
    fewer = logged[:, [5, 3, 8]].copy()
    np.testing.assert_array_equal(counts_of(fewer, "raw").values, counts[:, [5, 3, 8]])
    every = counts_of(fewer, every_gene=True)
    assert every.values.shape == counts.shape
    assert every.var_names.tolist() == logged.var_names.tolist()
    fewer.var_names = ["other", *fewer.var_names[1:]]
    with pytest.raises(DataError, match=r"adata\.raw lacks 1 genes of adata: \['other'\]"):
        counts_of(fewer)


def test_a_layer_called_raw_goes_before_raw(logged: ad.AnnData) -> None:
    logged.layers["raw"] = logged.layers["counts"]
    assert counts_of(logged, "raw").where == "adata.layers['raw']"


def test_logarithms_alone_are_told_their_layer(toy: ad.AnnData) -> None:
    toy.X = np.log1p(toy.X)
    with pytest.raises(DataError, match=r"adata\.layers\['log2'\] and skip") as caught:
        check_counts(counts_of(toy))
    assert "adata.X =" not in str(caught.value)


def test_places_that_are_not_there(logged: ad.AnnData) -> None:
    with pytest.raises(DataError, match=r"no layer 'count' .*\['X', 'counts'\]: pass layer="):
        counts_of(logged, "count")
    with pytest.raises(DataError, match=r"no layer 'raw' .*pass counts="):
        counts_of(logged, "raw", option="counts")
    assert counts_place(logged) == "X"
    remember(logged, "counts")
    del logged.layers["counts"]
    with pytest.raises(DataError, match="no longer has the layer 'counts'"):
        counts_of(logged)


def test_a_default_is_used_only_where_it_is(logged: ad.AnnData) -> None:
    assert counts_of(logged, default="counts").place == "counts"
    assert counts_of(logged, default="raw").place == "X"
    assert counts_of(logged, "X", default="counts").place == "X"
