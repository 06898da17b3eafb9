"""What every verb asks of the AnnData that it is given."""

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import tissueshap as ts
from tissueshap._counts import checked, target
from tissueshap._errors import DataError


@pytest.fixture
def adata():
    made = AnnData(np.arange(12, dtype=np.int32).reshape(4, 3))
    made.obs["tissue"] = ["a", "b", "a", "b"]
    return made


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("cells.h5ad", r"the path 'cells\.h5ad', not an AnnData: .*ts\.io\.read_h5ad"),
        (pd.DataFrame([[1]]), r"of type DataFrame, not an AnnData: .*anndata\.AnnData\(counts\)"),
        (None, "of type NoneType"),
    ],
)
def test_what_is_no_anndata_is_named(given, message):
    with pytest.raises(DataError, match=message):
        ts.pp.log2(given)


@pytest.mark.parametrize("axis", ["obs_names", "var_names"])
def test_names_that_repeat_are_found_by_the_first_verb(adata, axis):
    names = list(getattr(adata, axis))
    setattr(adata, axis, [names[0], names[0], *names[2:]])
    with pytest.raises(DataError, match=rf"\['0'\]: run adata\.{axis}_make_unique\(\)"):
        ts.pp.split(adata, "tissue", n_test=1)
    getattr(adata, f"{axis}_make_unique")()
    assert target(adata, copy=False) is adata


def test_counts_that_lie_in_a_layer_are_found(adata):
    adata.layers["in_use"] = (adata.X > 0).astype(np.int8)
    adata.layers["counts"] = adata.X
    adata.X = np.log1p(adata.X)
    with pytest.raises(DataError, match=r"adata\.X = adata\.layers\['counts'\]\.copy\(\)"):
        checked(adata)


def test_counts_that_lie_in_raw_are_found(adata):
    adata.raw = adata.copy()
    adata.X = np.log1p(adata.X)
    with pytest.raises(DataError, match=r"adata = adata\.raw\.to_adata\(\)"):
        checked(adata)
    assert checked(adata.raw.to_adata()) is not None


def test_logarithms_are_shown_their_layer(adata):
    adata.X = np.log1p(adata.X)
    with pytest.raises(DataError, match=r"adata\.layers\['log2'\]"):
        checked(adata)
