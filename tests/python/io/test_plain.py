"""Whatever pandas holds texts, numbers and names in goes into a file and comes back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap import io
from tissueshap._core import slots
from tissueshap.tl._de import _of_samples

TEXTS = ["string[python]", "string[pyarrow]", "large_string[pyarrow]", "str", "object", "category"]
WAYS = {"h5ad": (io.write_h5ad, io.read_h5ad), "zarr": (io.write_zarr, io.read_zarr)}


def adata_of(values, dtype, names=None):
    adata = AnnData(np.arange(len(values) * 2.0).reshape(len(values), 2))
    adata.obs_names = list("wxyz")[: len(values)] if names is None else names
    adata.obs["it"] = pd.Series(values, dtype=dtype, index=adata.obs_names)
    return adata


def texts(values):
    return [None if pd.isna(value) else str(value) for value in values]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("values", [["a", "b", "c"], ["a", None, "b"], ["a", "b", "a"]])
@pytest.mark.parametrize("dtype", TEXTS)
def test_texts_come_back(tmp_path, dtype, values, way):
    if dtype == "str" and None in values and pd.__version__ < "3":
        dtype = "object"  # where str is numpy's, and makes "None" of None
    write, read = WAYS[way]
    found = read(write(adata_of(values, dtype), tmp_path / "it"))
    assert texts(found.obs["it"]) == values


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", TEXTS[:-1])
def test_names_come_back(tmp_path, dtype, way):
    write, read = WAYS[way]
    adata = adata_of([1, 2, 3], "int64", pd.Index(["x", "é", "z"], dtype=dtype))
    adata.varm["frame"] = pd.DataFrame(
        {"a": pd.array([1, None], dtype="int64[pyarrow]")}, index=adata.var_names
    )
    adata.obsm["frame"] = pd.DataFrame(
        {"a": pd.array(["u", "v", None], dtype="string")}, index=adata.obs_names
    )
    found = read(write(adata, tmp_path / "it"))
    assert found.obs_names.tolist() == ["x", "é", "z"]
    assert found.varm["frame"]["a"].tolist()[0] == 1
    assert texts(found.obsm["frame"]["a"]) == ["u", "v", None]


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        ("int64[pyarrow]", [1, None, 2**40]),
        ("double[pyarrow]", [0.5, None, -1.0]),
        ("bool[pyarrow]", [True, None, False]),
        ("Int64", [1, None, 3]),
        ("Float64", [1.5, 2.0, 3.0]),
        ("boolean", [True, None, False]),
    ],
)
def test_numbers_come_back(tmp_path, dtype, values):
    found = io.read_h5ad(io.write_h5ad(adata_of(values, dtype), tmp_path / "it"))
    held = [None if pd.isna(value) else value for value in found.obs["it"]]
    assert held == values


@pytest.mark.parametrize("dtype", TEXTS)
def test_classes_and_covariates_are_the_same_in_every_type(dtype):
    adata = adata_of(["b", "a", "b", "c"], dtype)
    assert slots.class_names(adata, "it") == ["a", "b", "c"]
    assert slots.class_codes(adata, "it").tolist() == [1, 0, 1, 2]
    found = _of_samples(adata, ["it"], "it")
    assert found["covariates"]["it"].tolist() == found["block"].tolist() == ["b", "a", "b", "c"]


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "double[pyarrow]", "float64"])
def test_numbers_that_are_missing_stay_so_as_covariates(dtype):
    found = _of_samples(adata_of([1, None, 3], dtype), ["it"], None)["covariates"]["it"]
    np.testing.assert_array_equal(found, [1.0, np.nan, 3.0])
