"""From counts on disk to predictions, without the matrices in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import tissueshap as ts
from tissueshap._core import lazy, slots

pytestmark = pytest.mark.r

SIZES = {"Heart": 150, "Liver": 100, "Lung": 50}
N_GENES = 120


def chain(adata: ad.AnnData) -> ad.AnnData:
    ts.pp.filter_genes(adata, min_reads=20)
    ts.pp.tmm(adata)
    ts.pp.log2(adata)
    ts.pp.split(adata, n_test=10)
    ts.pp.oversample(adata, method="random")
    return adata


def applied(adata: ad.AnnData, model: Any) -> ad.AnnData:
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata)
    ts.tl.shap(adata, model, n_draws=20)
    ts.tl.rank_genes(adata)
    return adata


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    adata = ts.datasets.simulate(300, N_GENES, tissues=SIZES, seed=3)
    adata.layers["counts"] = sparse.csr_matrix(adata.X)
    del adata.uns["truth"]
    return ts.io.write_h5ad(adata, tmp_path_factory.mktemp("disk") / "atlas.h5ad")


@pytest.fixture(scope="module")
def in_memory(path: Path) -> ad.AnnData:
    return chain(ts.io.read_h5ad(path))


@pytest.fixture(scope="module")
def model(in_memory: ad.AnnData) -> Any:
    return ts.tl.cnn(in_memory, epochs=8, n_models=1)


@pytest.fixture
def small_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy, "BUFFER", 100 * N_GENES)


@pytest.fixture(params=["r", "r+", "everything", "zarr"])
def held(
    request: pytest.FixtureRequest, path: Path, tmp_path: Path, small_buffer: None
) -> Iterator[ad.AnnData]:
    """The file backed by anndata, with X alone or with its layers on disk, and in zarr."""
    own = tmp_path / "own.h5ad"
    own.write_bytes(path.read_bytes())
    if request.param == "zarr":
        pytest.importorskip("zarr")
        zarr = ts.io.write_zarr(ts.io.read_h5ad(path), tmp_path / "own.zarr")
        yield ts.io.read_zarr(zarr, backed=True)
    elif request.param == "everything":
        yield ts.io.read_h5ad(own, backed=True)
    else:
        adata = ad.read_h5ad(own, backed=request.param)
        yield adata
        adata.file.close()


@pytest.fixture
def all_on_disk(path: Path, small_buffer: None) -> ad.AnnData:
    """Every matrix in the file."""
    return ts.io.read_h5ad(path, backed=True)


def test_preparation_is_that_in_memory(in_memory: ad.AnnData, held: ad.AnnData) -> None:
    chain(held)
    assert not {"tmm", "log2"} & set(slots.items(held, "layers"))
    assert held.var["filter_pass"].tolist() == in_memory.var["filter_pass"].tolist()
    for key in ("lib_size", "norm_factor"):
        np.testing.assert_allclose(held.obs[key], in_memory.obs[key], rtol=1e-12)
    for key in ("tmm", "log2"):
        values = slots.require(held, "layers", key)
        assert values.shape == held.shape
        np.testing.assert_allclose(values[:], in_memory.layers[key], rtol=1e-6)
    for record in ("filter_genes", "tmm", "oversample"):
        own, other = (adata.uns["tissueshap"][record] for adata in (held, in_memory))
        for name in set(other) - {"versions", "id", "made_from", "computed", "slots"}:
            if isinstance(other[name], pd.DataFrame):
                pd.testing.assert_frame_equal(
                    own[name], other[name], check_dtype=False, check_column_type=False
                )
            elif name != "params":
                assert own[name] == other[name] or own[name] == pytest.approx(other[name], 1e-12)


def test_values_and_predictions_of_one_model(
    in_memory: ad.AnnData, held: ad.AnnData, model: Any
) -> None:
    """The background of 100 training samples is passed, for both to have the same one."""
    chain(held)
    background = in_memory.layers["log2"][:100][:, in_memory.var["filter_pass"]]
    for adata in (in_memory, held):
        ts.tl.predict(adata, model)
        ts.tl.shap(adata, model, background=background, n_draws=20)
    np.testing.assert_allclose(held.obsm["proba"], in_memory.obsm["proba"], atol=1e-6)
    np.testing.assert_allclose(held.layers["shap"], in_memory.layers["shap"], atol=1e-6)
    assert held.uns["tissueshap"]["predict"]["params"]["layer"] == "log2"


def test_training_learns_what_it_learns_in_memory(
    in_memory: ad.AnnData, all_on_disk: ad.AnnData, model: Any
) -> None:
    expected = applied(in_memory.copy(), model)
    own = ts.tl.cnn(chain(all_on_disk), epochs=8, n_models=1)
    applied(all_on_disk, own)
    scores = [adata.uns["tissueshap"]["evaluate"]["macro_f1"] for adata in (all_on_disk, expected)]
    assert scores[0] >= scores[1] - 0.05
    ranks = [adata.varm["shap_rank"].dropna() for adata in (all_on_disk, expected)]
    for name in SIZES:
        first, other = (set(each[name].nsmallest(10).index) for each in ranks)
        assert len(first & other) >= 5


def test_with_a_buffer_for_everything_the_network_is_that_of_memory(
    in_memory: ad.AnnData, model: Any, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "is_large", lazy.on_disk)
    for module in ("_tmm", "_log2", "_filter_genes"):
        monkeypatch.setattr(f"tissueshap.pp.{module}.is_large", lazy.on_disk)
    held = chain(ts.io.read_h5ad(path, backed=True))
    assert "log2" not in held.layers
    own = ts.tl.cnn(held, epochs=8, n_models=1)
    for weights, expected in zip(
        own.network.get_weights(), model.network.get_weights(), strict=True
    ):
        np.testing.assert_allclose(weights, expected, atol=1e-5)
    ts.tl.shap(held, model, n_draws=20)
    ts.tl.shap(in_memory, model, n_draws=20)
    np.testing.assert_allclose(held.layers["shap"], in_memory.layers["shap"], atol=1e-6)


def test_calibration(all_on_disk: ad.AnnData, model: Any) -> None:
    own = ts.tl.cnn(chain(all_on_disk), epochs=4, n_models=1)
    calibrated = ts.tl.calibrate(all_on_disk, own, n_folds=2)
    ts.tl.predict(all_on_disk, calibrated)
    assert (all_on_disk.obs["verdict"] == "known").mean() > 0.7


def test_the_writable_file_has_the_values(path: Path, tmp_path: Path, model: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lazy, "BUFFER", 100 * N_GENES)
        own = tmp_path / "own.h5ad"
        own.write_bytes(path.read_bytes())
        held = chain(ad.read_h5ad(own, backed="r+"))
        ts.tl.shap(held, model, n_draws=20)
        held.file.close()
    there = ts.io.read_h5ad(own)
    np.testing.assert_array_equal(there.layers["shap"], held.layers["shap"])
    assert "shap" in there.uns["tissueshap"]


def test_results_survive_a_copy_in_memory(held: ad.AnnData, model: Any) -> None:
    """The layers are then computed from the counts in memory."""
    ts.tl.predict(chain(held), model)
    before = held.obsm["proba"].to_numpy()
    back = held.to_memory() if held.isbacked else held[:].copy()
    ts.tl.predict(back, model)
    np.testing.assert_allclose(back.obsm["proba"], before, atol=1e-6)


def test_new_samples_on_disk_with_the_reference_of_the_training(
    in_memory: ad.AnnData, all_on_disk: ad.AnnData
) -> None:
    ts.pp.tmm(all_on_disk, reference=in_memory)
    np.testing.assert_allclose(
        all_on_disk.obs["norm_factor"], in_memory.obs["norm_factor"], rtol=1e-12
    )
    with pytest.raises(ts.errors.DataError, match=r"reference's .* genes are not in the counts"):
        ts.pp.tmm(all_on_disk, reference={**in_memory.uns["tissueshap"]["tmm"], **_other_genes()})


def _other_genes() -> dict[str, Any]:
    return {"reference": pd.DataFrame({"gene": ["no such gene"], "count": [1.0]})}


def test_smote_says_what_to_choose_instead(all_on_disk: ad.AnnData) -> None:
    ts.pp.tmm(all_on_disk)
    ts.pp.log2(all_on_disk)
    ts.pp.split(all_on_disk, n_test=10)
    with pytest.raises(ts.errors.DataError, match=r"smote.*140.*choose method='random'"):
        ts.pp.oversample(all_on_disk)


def test_an_offset_of_0_is_refused(all_on_disk: ad.AnnData) -> None:
    ts.pp.tmm(all_on_disk)
    with pytest.raises(ts.errors.DataError, match="offset must be above 0"):
        ts.pp.log2(all_on_disk, offset=0)


def test_a_count_that_is_none_is_named(path: Path, tmp_path: Path, small_buffer: None) -> None:
    adata = ts.io.read_h5ad(path)
    adata.X = adata.X.astype(np.float32)
    adata.X[250, 7] = 0.5
    held = ts.io.read_h5ad(ts.io.write_h5ad(adata, tmp_path / "bad.h5ad"), backed=True)
    with pytest.raises(ts.errors.DataError, match=r"count 0\.5 of gene .* is not an integer"):
        ts.pp.tmm(held)
    held.layers["half"] = held.X
    ts.pp.tmm(held, layer="counts")
    assert "norm_factor" in held.obs
