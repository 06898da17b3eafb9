"""The module that R talks to: matrices turned round without a copy, plain tables."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata import AnnData

from tissueshap import _from_r, _slots
from tissueshap._errors import DataError


@pytest.fixture
def adata() -> AnnData:
    counts = np.arange(12, dtype=np.float64).reshape(3, 4)
    made = AnnData(counts, obs=pd.DataFrame({"tissue": ["a", "b", "a"]}, index=list("xyz")))
    made.var["symbol"] = ["A", None, "C", "D"]
    made.var["length"] = [1.0, 2.0, 3.0, 4.0]
    return made


def test_doubles_reach_r_without_a_copy(adata):
    found = _from_r.matrix(adata)
    assert found.shape == (4, 3)
    assert found.flags.f_contiguous
    assert np.shares_memory(found, adata.X)


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "uint32", "bool"])
def test_integers_stay_integers_where_they_fit(adata, dtype):
    adata.X = adata.X.astype(dtype)
    found = _from_r.matrix(adata)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.asarray(adata.X).T)


def test_large_integers_and_floats_become_doubles(adata):
    adata.X = adata.X.astype(np.int64) + 2**31
    assert _from_r.matrix(adata).dtype == np.float64
    assert _from_r.matrix(adata)[1, 0] == 2**31 + 1
    adata.X = adata.X.astype(np.float32)
    assert _from_r.matrix(adata).dtype == np.float64


def test_sparse_counts_are_read(adata):
    dense = adata.X.copy()
    for kind in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix):
        adata.X = kind(dense)
        found = _from_r.matrix(adata)
        np.testing.assert_array_equal(found, dense.T)
        assert found.flags.f_contiguous


def test_no_counts_are_refused(adata):
    adata.X = None
    with pytest.raises(DataError, match="X is empty"):
        _from_r.matrix(adata)


def test_what_r_found_is_written_turned_round(adata):
    values = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    _from_r.write(
        adata,
        "tmm",
        {
            "obs": {"norm_factor": [1.0, 2.0, 3.0]},
            "layers": {"tmm": values},
            "varm": {"de_fdr": {"values": np.ones((4, 2)), "columns": ["a/1", "b"]}},
            "uns": {"t": pd.DataFrame({"n": [1, 2]}, index=["r1", "r2"]), "one": 3},
        },
        {"frozen": False},
        {"edgeR": "3.40.2"},
    )
    np.testing.assert_array_equal(adata.layers["tmm"], values.T)
    assert adata.layers["tmm"].flags.c_contiguous
    assert list(adata.varm["de_fdr"].columns) == ["a|1", "b"]
    record = _slots.record(adata)["tmm"]
    assert record["one"] == 3
    assert record["versions"]["edgeR"] == "3.40.2"
    assert list(record["t"].index) == [0, 1]


def test_one_sample_and_one_class_are_no_scalars():
    adata = AnnData(np.ones((1, 2)))
    found = {
        "obs": {"lib_size": 2.0},
        "layers": {"tmm": np.ones((2, 1))},
        "varm": {"de_fdr": {"values": np.ones((2, 1)), "columns": "only"}},
    }
    _from_r.write(adata, "tmm", found, {}, {})
    assert adata.obs["lib_size"].tolist() == [2.0]
    assert list(adata.varm["de_fdr"].columns) == ["only"]


def test_parts_and_assemble_are_inverse(adata):
    adata.layers["tmm"] = adata.X * 2
    adata.varm["de_fdr"] = pd.DataFrame({"a": np.ones(4)}, index=adata.var_names)
    adata.obsm["X_umap"] = np.zeros((3, 2))
    _slots.record(adata)["label"] = "tissue"
    parts = _from_r.parts(adata)
    again = _from_r.assemble(
        parts["counts"],
        parts["obs"],
        parts["var"],
        {"obs": parts["obs_names"], "var": parts["var_names"]},
        {key: parts[key] for key in ("layers", "obsm", "varm", "uns")},
    )
    np.testing.assert_array_equal(again.X, adata.X)
    np.testing.assert_array_equal(again.layers["tmm"], adata.layers["tmm"])
    pd.testing.assert_frame_equal(again.varm["de_fdr"], adata.varm["de_fdr"])
    np.testing.assert_array_equal(again.obsm["X_umap"], adata.obsm["X_umap"])
    pd.testing.assert_frame_equal(again.obs, adata.obs, check_dtype=False)
    assert again.uns["tissueshap"]["label"] == "tissue"


def test_columns_are_plain(adata):
    assert _from_r.column(adata, "var", "symbol") == ["A", None, "C", "D"]
    assert _from_r.column(adata, "obs", "tissue") == ["a", "b", "a"]
    assert _from_r.column(adata, "var", "length").tolist() == [1, 2, 3, 4]
    assert _from_r.column(adata, "var", "nothing") is None


@pytest.mark.filterwarnings("default")
def test_warnings_are_handed_back(monkeypatch):
    def verb(text: str, *, times: int) -> str:
        warnings.warn(f"{text} twice", stacklevel=2)
        return text * times

    monkeypatch.setattr("tissueshap._from_r.verb", verb, raising=False)
    found = _from_r.call("_from_r.verb", ["ab"], {"times": 2})
    assert found == {"value": "abab", "warnings": ["ab twice"]}


def test_messages_are_relayed_once():
    logger = logging.getLogger("tissueshap")
    before, level = list(logger.handlers), logger.level
    seen: list[str] = []
    try:
        _from_r.relay(lambda text: None)
        _from_r.relay(seen.append)
        logger.warning("hello %s", "there")
        assert seen == ["hello there"]
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)
