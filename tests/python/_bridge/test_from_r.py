"""The module that R talks to: matrices turned round without a copy, plain tables."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from anndata import AnnData

from tissueshap._bridge import from_r
from tissueshap._core import slots
from tissueshap._core.errors import DataError


@pytest.fixture
def adata() -> AnnData:
    counts = np.arange(12, dtype=np.float64).reshape(3, 4)
    made = AnnData(counts, obs=pd.DataFrame({"tissue": ["a", "b", "a"]}, index=list("xyz")))
    made.var["symbol"] = ["A", None, "C", "D"]
    made.var["length"] = [1.0, 2.0, 3.0, 4.0]
    return made


def test_doubles_reach_r_without_a_copy(adata):
    found = from_r.matrix(adata)
    assert found.shape == (4, 3)
    assert found.flags.f_contiguous
    assert np.shares_memory(found, adata.X)


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64", "uint32", "bool"])
def test_integers_stay_integers_where_they_fit(adata, dtype):
    adata.X = adata.X.astype(dtype)
    found = from_r.matrix(adata)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, np.asarray(adata.X).T)


def test_large_integers_and_floats_become_doubles(adata):
    adata.X = adata.X.astype(np.int64) + 2**31
    assert from_r.matrix(adata).dtype == np.float64
    assert from_r.matrix(adata)[1, 0] == 2**31 + 1
    adata.X = adata.X.astype(np.float32)
    assert from_r.matrix(adata).dtype == np.float64


def test_sparse_counts_are_read(adata):
    dense = adata.X.copy()
    for kind in (scipy.sparse.csr_matrix, scipy.sparse.csc_matrix):
        adata.X = kind(dense)
        found = from_r.matrix(adata)
        np.testing.assert_array_equal(found, dense.T)
        assert found.flags.f_contiguous


def test_no_counts_are_refused(adata):
    adata.X = None
    with pytest.raises(DataError, match="X is empty"):
        from_r.matrix(adata)


def items(**held):
    return {"kind": "dict", "items": held}


def numbers(values):
    return {"kind": "numbers", "values": values}


def scalar(value):
    return {"kind": "scalar", "value": value}


def table(n_rows, index=None, **columns):
    return {"kind": "table", "columns": columns, "index": index, "n_rows": n_rows}


def test_what_r_found_is_written_turned_round(adata):
    values = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    frame = table(4, **{"a/1": numbers(np.ones(4)), "b": numbers(np.ones(4))})
    from_r.write(
        adata,
        "tmm",
        items(
            obs=items(norm_factor=numbers(np.array([1.0, 2.0, 3.0]))),
            layers=items(tmm=numbers(values)),
            varm=items(de_fdr=frame),
            uns=items(t=table(2, ["r1", "r2"], n=numbers(np.array([1, 2]))), one=scalar(3)),
        ),
        items(frozen=scalar(False)),
        items(edgeR=scalar("3.40.2")),
    )
    np.testing.assert_array_equal(adata.layers["tmm"], values.T)
    assert adata.layers["tmm"].flags.c_contiguous
    assert list(adata.varm["de_fdr"].columns) == ["a|1", "b"]
    record = slots.record(adata)["tmm"]
    assert record["one"] == 3
    assert record["versions"]["edgeR"] == "3.40.2"
    assert list(record["t"].index) == [0, 1]


def test_one_sample_and_one_class_are_no_scalars():
    adata = AnnData(np.ones((1, 2)))
    found = items(
        obs=items(lib_size=numbers(np.array([2.0]))),
        layers=items(tmm=numbers(np.ones((2, 1)))),
        varm=items(de_fdr=table(2, only=numbers(np.ones(2)))),
    )
    from_r.write(adata, "tmm", found, items(), items())
    assert adata.obs["lib_size"].tolist() == [2.0]
    assert list(adata.varm["de_fdr"].columns) == ["only"]


def test_a_change_is_what_is_new_or_another(adata):
    adata.layers["tmm"] = adata.X * 2
    adata.layers["log2"] = adata.X
    slots.record(adata)["tmm"] = {"n": 1}
    before = from_r.snapshot(adata)
    adata.layers["log2"] = adata.X + 1
    adata.obs["split"] = ["train", "test", "train"]
    adata.var["length"] = [1.0, 2.0, 3.0, 5.0]
    slots.record(adata)["split"] = {"seed": 42}
    found = from_r.changes(adata, before)
    assert {group: sorted(held) for group, held in found.items()} == {
        "obs": ["split"],
        "var": ["length"],
        "layers": ["log2"],
        "obsm": [],
        "varm": [],
        "record": ["split"],
    }
    np.testing.assert_array_equal(found["layers"]["log2"]["values"], (adata.X + 1).T)


def test_what_an_experiment_has_no_place_for_is_named(adata):
    assert from_r.parts(adata)["left_out"] == []
    adata.raw = adata.copy()
    adata.obsp["near"] = np.zeros((3, 3))
    assert from_r.parts(adata)["left_out"] == ["obsp", "raw"]


def test_a_column_is_an_element(adata):
    assert from_r.column(adata, "var", "length")["values"].tolist() == [1, 2, 3, 4]
    assert from_r.column(adata, "var", "nothing") is None


@pytest.mark.filterwarnings("default")
def test_warnings_are_handed_back(monkeypatch):
    def verb(text: str, *, times: int) -> str:
        warnings.warn(f"{text} twice", stacklevel=2)
        return text * times

    monkeypatch.setattr("tissueshap._bridge.from_r.verb", verb, raising=False)
    found = from_r.call("_bridge.from_r.verb", ["ab"], {"times": 2})
    assert found == {"value": "abab", "warnings": ["ab twice"]}


def test_messages_are_relayed_once():
    logger = logging.getLogger("tissueshap")
    before, level = list(logger.handlers), logger.level
    seen: list[str] = []
    try:
        from_r.relay(lambda text: None)
        from_r.relay(seen.append)
        logger.warning("hello %s", "there")
        assert seen == ["hello there"]
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)
