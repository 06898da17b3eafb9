"""Covariates: numbers are a trend, and groups where that is asked for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap._core.errors import DataError, DataWarning
from tissueshap.de._covariates import column_of, covariate


@pytest.fixture
def adata():
    made = AnnData(np.ones((6, 2)))
    made.obs["batch"] = [1, 2, 3, 1, 2, 3]
    made.obs["age"] = [20.5, 31, 44, 58, 62, 70]
    made.obs["two"] = [0, 1, 0, 1, 0, 1]
    made.obs["sex"] = pd.Categorical(["f", "m", "f ", "m", "f", None])
    return made


def test_codes_of_groups_are_named_with_the_remedy(adata):
    with pytest.warns(
        DataWarning, match=r"values 1, 2, 3 and enters as a trend; .*factor\(batch\)"
    ):
        np.testing.assert_array_equal(covariate(adata, "batch"), [1, 2, 3, 1, 2, 3])


@pytest.mark.parametrize(
    ("name", "values"), [("age", [20.5, 31, 44, 58, 62, 70]), ("two", [0, 1] * 3)]
)
def test_quantities_and_two_values_need_no_word(adata, name, values):
    np.testing.assert_array_equal(covariate(adata, name), values)


def test_groups_as_asked_for(adata):
    assert covariate(adata, "factor(batch)").tolist() == ["1", "2", "3"] * 2
    adata.obs["batch"] = adata.obs["batch"].astype(float)
    assert covariate(adata, "factor(batch)").tolist() == ["1", "2", "3"] * 2
    assert covariate(adata, "sex").tolist() == ["f", "m", "f", "m", "f", None]


def test_a_column_of_that_name_is_itself(adata):
    adata.obs["factor(x)"] = list("uvwuvw")
    assert column_of(adata, "factor(x)") == "factor(x)"
    assert covariate(adata, "factor(x)").tolist() == list("uvwuvw")
    with pytest.raises(DataError, match="no column 'absent'"):
        covariate(adata, "factor(absent)")
