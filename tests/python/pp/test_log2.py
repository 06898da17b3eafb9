"""LogValues: the formula, its memory, and what has none."""

from __future__ import annotations

import tracemalloc

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from tissueshap import pp
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.pp._log2 import PUBLISHED, formula, logarithm_of


def test_formula(cpm: ad.AnnData) -> None:
    before = cpm.layers["tmm"].copy()
    assert pp.log2(cpm) is None
    expected = np.log2(before.astype(np.float64) + 20)
    assert cpm.layers["log2"].dtype == np.float32
    assert np.allclose(cpm.layers["log2"], expected, rtol=0, atol=2e-6 * 30)
    assert np.array_equal(cpm.layers["tmm"], before)
    assert cpm.uns["tissueshap"]["log2"]["params"] == {
        "layer": "tmm",
        "offset": 20.0,
        "shift": 0.0,
    }


def test_the_published_logarithm_has_zero_just_above_zero(cpm: ad.AnnData) -> None:
    cpm.layers["tmm"][0, 0] = 0
    pp.log2(cpm, **PUBLISHED)
    assert cpm.layers["log2"][0, 0] == pytest.approx(np.log2(0.001) + 10, abs=1e-6)


def test_what_was_recorded_is_told_and_read_again(cpm: ad.AnnData) -> None:
    assert formula(logarithm_of(cpm)) == "log2(CPM + 20)"  # nothing recorded: the default
    pp.log2(cpm, **PUBLISHED)
    assert logarithm_of(cpm) == PUBLISHED
    assert formula(PUBLISHED) == "log2(CPM + 0.001) + 10"


def test_other_layer_and_constants(cpm: ad.AnnData) -> None:
    cpm.layers["other"] = sp.csr_matrix(cpm.layers["tmm"])
    made = pp.log2(cpm, layer="other", offset=1, shift=0, copy=True, key_added="alt")
    assert np.allclose(made.layers["alt_log2"], np.log2(cpm.layers["tmm"] + 1), atol=1e-5)
    assert "alt_log2" not in cpm.layers


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_samples_without_logarithm_are_named(cpm: ad.AnnData, bad: float) -> None:
    cpm.layers["tmm"][3, 5] = bad
    with pytest.raises(DataError, match=r"in 1 samples: \['S003'\]"):
        pp.log2(cpm)
    assert "log2" not in cpm.layers


def test_missing_layer_names_its_verb(toy: ad.AnnData) -> None:
    with pytest.raises(MissingSlotError, match=r"run ts\.pp\.tmm\(adata\) first"):
        pp.log2(toy)


def test_logarithms_are_taken_once(cpm: ad.AnnData) -> None:
    pp.log2(cpm)
    with pytest.raises(DataError, match="is log-transformed already"):
        pp.log2(cpm, layer="log2")


def test_memory_is_one_array() -> None:
    adata = ad.AnnData(np.ones((1000, 2000), np.float32))
    adata.layers["tmm"] = np.ones((1000, 2000), np.float32)
    pp.log2(adata)
    tracemalloc.start()
    pp.log2(adata)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.1 * 4 * 1000 * 2000
