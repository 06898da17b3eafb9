from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from tissueshap._core import slots
from tissueshap._core.checkpoints import read, write
from tissueshap.workflow._state import Snapshot, applied, changes


@pytest.fixture(params=["dense", "sparse"])
def adata(request: pytest.FixtureRequest, toy: ad.AnnData) -> ad.AnnData:
    """Return an AnnData with something in every group."""
    toy.X = np.asarray(toy.X, dtype=np.float32)
    if request.param == "sparse":
        toy.X = sparse.csr_matrix(toy.X)
    toy.raw = toy
    toy.obsm["place"] = np.arange(2.0 * toy.n_obs).reshape(-1, 2)
    toy.varm["frame"] = pd.DataFrame({"a": 1.0, "b": 2.0}, index=toy.var_names)
    toy.obsp["near"] = sparse.eye(toy.n_obs, format="csr")
    toy.uns["table"] = pd.DataFrame({"gene": ["a", "b"], "n": [1, 2]})
    slots.write(toy, "log2", {"layers": {"log2": np.log2(1 + _dense(toy.X))}}, params={"offset": 1})
    return toy


def _dense(x: Any) -> np.ndarray:
    return x.toarray() if sparse.issparse(x) else np.asarray(x)


def _same(a: ad.AnnData, b: ad.AnnData) -> None:
    pd.testing.assert_frame_equal(a.obs, b.obs)
    pd.testing.assert_frame_equal(a.var, b.var)
    assert type(a.X) is type(b.X)
    np.testing.assert_array_equal(_dense(a.X), _dense(b.X))
    for group in ("layers", "obsm", "varm", "obsp"):
        ours, theirs = slots.items(a, group), slots.items(b, group)
        assert set(ours) == set(theirs)
        for name, value in ours.items():
            np.testing.assert_array_equal(_dense(value), _dense(theirs[name]))
    assert (a.raw is None) == (b.raw is None)
    assert list(a.uns) == list(b.uns)
    assert list(slots.record(a)) == list(slots.record(b))
    assert slots.record(a)["log2"]["id"] == slots.record(b)["log2"]["id"]


def _through_a_file(found: dict[str, Any], folder: Path) -> dict[str, Any]:
    write(folder / "x", found)
    read_again: dict[str, Any] = read(folder / "x")
    return read_again


def test_everything_comes_back(adata: ad.AnnData, tmp_path: Path) -> None:
    found, _ = changes(None, adata)
    _same(adata, applied(_through_a_file(found, tmp_path), None))


def test_only_what_changed_is_written(adata: ad.AnnData, tmp_path: Path) -> None:
    again = applied(_through_a_file(changes(None, adata)[0], tmp_path), None)
    _, before = changes(None, adata)
    assert changes(before, adata)[0]["set"] == {}
    adata.obs["new"] = 1
    del adata.uns["table"]
    adata.varm["frame"] = adata.varm["frame"] + 1
    slots.record(adata)["log2"]["more"] = 1  # in place
    slots.write(adata, "predict", {"obs": {"predicted": ["x"] * adata.n_obs}}, params={})
    found, _ = changes(before, adata)
    assert set(found["set"]) == {
        ("obs", "new"),
        ("obs", "predicted"),
        ("varm", "frame"),
        ("uns", "tissueshap", "log2"),
        ("uns", "tissueshap", "predict"),
    }
    _same(adata, applied(_through_a_file(found, tmp_path), again))
    assert slots.record(again)["log2"]["more"] == 1
    assert list(again.varm["frame"].index) == list(adata.var_names)


def test_dropped_samples_and_genes_are_not_written_again(adata: ad.AnnData, tmp_path: Path) -> None:
    again = applied(_through_a_file(changes(None, adata)[0], tmp_path), None)
    before = Snapshot.of(adata)
    adata._inplace_subset_var(np.arange(adata.n_vars) % 3 > 0)
    adata._inplace_subset_obs(np.arange(adata.n_obs) % 2 > 0)
    adata.var["filter_pass"] = True
    found, _ = changes(before, adata)
    written = set(found["set"])
    assert ("var", "filter_pass") in written
    assert not written & {("X",), ("layers", "log2"), ("obs", "tissue"), ("var", "symbol")}
    _same(adata, applied(_through_a_file(found, tmp_path), again))


def test_other_samples_are_written_as_a_whole(adata: ad.AnnData) -> None:
    before = Snapshot.of(adata)
    other = adata[::-1].copy()
    found, _ = changes(before, other)
    assert ("X",) in found["set"]
    _same(other, applied(found, adata))


def test_a_matrix_that_was_changed_while_genes_were_dropped_is_written(
    adata: ad.AnnData,
) -> None:
    before = Snapshot.of(adata)
    adata._inplace_subset_var(np.arange(adata.n_vars) % 3 > 0)
    adata.X = adata.X * 2
    assert ("X",) in changes(before, adata)[0]["set"]


def test_what_cannot_be_kept_is_refused(adata: ad.AnnData) -> None:
    adata.uns["own"] = object()
    with pytest.raises(TypeError, match="object cannot be kept"):
        changes(None, adata)
