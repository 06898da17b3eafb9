"""TMM: edgeR's own values, frozen references, and the layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tissueshap import pp
from tissueshap._core.errors import DataError, RError

pytestmark = pytest.mark.r


def read(path: Path, index: str | int = 0) -> ad.AnnData:
    counts = pd.read_csv(path, sep=None, engine="python", index_col=index)
    return ad.AnnData(
        counts.to_numpy(np.int32),
        obs=pd.DataFrame(index=counts.index.astype(str)),
        var=pd.DataFrame(index=counts.columns.astype(str)),
    )


def test_lung_has_edgers_factors(data_dir: Path) -> None:
    folder = data_dir / "tmm_golden"
    adata = read(folder / "gtex_lung.first30.chr21.csv.gz")
    pp.tmm(adata)
    golden = pd.read_csv(
        folder / "gtex.lung.30.chr21.tmm_factors_edgeR.tsv", sep="\t", comment="#", index_col=0
    )
    golden = golden.loc[adata.obs_names]
    assert np.allclose(adata.obs["norm_factor"], golden["norm.factors"], rtol=1e-6, atol=0)
    assert np.array_equal(adata.obs["lib_size"], golden["lib.size"])


def test_primates_have_edgers_factors(data_dir: Path) -> None:
    folder = data_dir / "blake_primates"
    adata = read(folder / "counts.tsv.gz").T.copy()
    pp.tmm(adata)
    golden = pd.read_csv(folder / "golden_edger_tmm.tsv.gz", sep="\t", index_col=0)
    golden = golden.loc[adata.obs_names]
    assert np.array_equal(adata.obs["lib_size"], golden["lib_size"])
    assert np.allclose(adata.obs["norm_factor"], golden["norm_factor"], rtol=0, atol=1e-10)


def test_layer_is_counts_per_million(toy: ad.AnnData) -> None:
    assert pp.tmm(toy) is None
    effective = toy.obs["lib_size"] * toy.obs["norm_factor"]
    expected = toy.X / effective.to_numpy()[:, None] * 1e6
    assert toy.layers["tmm"].dtype == np.float32
    assert toy.layers["tmm"].flags.c_contiguous
    assert toy.layers["tmm"].flags.writeable
    assert np.allclose(toy.layers["tmm"], expected, rtol=1e-6)
    assert np.array_equal(toy.obs["lib_size"], toy.X.sum(axis=1))
    assert np.log(toy.obs["norm_factor"]).mean() == pytest.approx(0, abs=1e-12)
    record = toy.uns["tissueshap"]["tmm"]
    assert record["reference"]["gene"].tolist() == toy.var_names.tolist()
    chosen = toy.obs_names.get_loc(record["reference_sample"])
    assert np.array_equal(record["reference"]["count"], toy.X[chosen])
    assert record["versions"]["edgeR"]


@pytest.mark.parametrize(
    "form", [np.float32, np.int64, sp.csr_matrix, sp.csc_matrix, np.asfortranarray]
)
def test_forms_of_counts(toy: ad.AnnData, form: Any) -> None:
    expected = pp.tmm(toy, copy=True)
    toy.X = form(toy.X)
    pp.tmm(toy)
    assert np.array_equal(toy.layers["tmm"], expected.layers["tmm"])
    assert np.array_equal(toy.obs["norm_factor"], expected.obs["norm_factor"])


def test_counts_beyond_32_bits(toy: ad.AnnData) -> None:
    toy.X = toy.X.astype(np.int64)
    toy.X[0, 0] = 2**33
    pp.tmm(toy)
    assert toy.obs["lib_size"].iloc[0] == toy.X[0].sum()


def test_file_and_view(toy: ad.AnnData, tmp_path: Path) -> None:
    expected = pp.tmm(toy, copy=True)
    toy.write_h5ad(tmp_path / "toy.h5ad")
    held = ad.read_h5ad(tmp_path / "toy.h5ad", backed="r")
    pp.tmm(held)
    assert np.array_equal(held.layers["tmm"], expected.layers["tmm"])
    held.file.close()
    view = toy[:100]
    pp.tmm(view)
    assert "tmm" not in toy.layers


def test_one_sample(toy: ad.AnnData) -> None:
    adata = toy[:1].copy()
    pp.tmm(adata)
    assert adata.obs["norm_factor"].tolist() == [1.0]


class TestReference:
    def test_training_samples_get_their_own_factors_back(self, toy: ad.AnnData) -> None:
        pp.tmm(toy)
        part = toy[[5, 17, 120]].copy()
        pp.tmm(part, reference=toy, key_added="frozen")
        assert np.allclose(part.obs["frozen_norm_factor"], part.obs["norm_factor"], rtol=1e-14)
        assert np.allclose(part.layers["frozen_tmm"], part.layers["tmm"], rtol=1e-6)
        assert part.uns["tissueshap"]["frozen"]["params"] == {"frozen": True}

    def test_by_record_and_after_a_file(self, toy: ad.AnnData, tmp_path: Path) -> None:
        pp.tmm(toy)
        toy.write_h5ad(tmp_path / "toy.h5ad")
        again = ad.read_h5ad(tmp_path / "toy.h5ad")
        new = toy[:3].copy()
        pp.tmm(new, reference=again.uns["tissueshap"]["tmm"])
        assert np.allclose(new.obs["norm_factor"], toy.obs["norm_factor"].iloc[:3], rtol=1e-14)

    def test_genes_are_matched_by_name(self, toy: ad.AnnData) -> None:
        pp.tmm(toy)
        new = toy[:3, ::-1].copy()
        pp.tmm(new, reference=toy)
        assert np.allclose(new.obs["norm_factor"], toy.obs["norm_factor"].iloc[:3], rtol=1e-14)

    def test_missing_genes_are_refused(self, toy: ad.AnnData) -> None:
        pp.tmm(toy)
        with pytest.raises(RError, match=r"100 of the reference's 200 genes are not in the counts"):
            pp.tmm(toy[:, :100].copy(), reference=toy)

    def test_further_genes_change_nothing(self, toy: ad.AnnData) -> None:
        training = toy[:, 20:180].copy()
        pp.tmm(training)
        pp.tmm(toy, reference=training)
        for name in ("lib_size", "norm_factor"):
            assert np.allclose(toy.obs[name], training.obs[name], rtol=1e-14)
        assert np.allclose(toy.layers["tmm"][:, 20:180], training.layers["tmm"], rtol=1e-6)
        assert toy.uns["tissueshap"]["tmm"]["reference"]["gene"].tolist() == list(
            training.var_names
        )

    def test_reference_without_record(self, toy: ad.AnnData) -> None:
        with pytest.raises(DataError, match=r"run ts\.pp\.tmm on the reference's samples first"):
            pp.tmm(toy.copy(), reference=toy)


def test_samples_without_counts_are_named(toy: ad.AnnData) -> None:
    toy.X = toy.X.copy()
    toy.X[4] = 0
    with pytest.raises(DataError, match=r"1 sample\(s\) have no counts at all: \['S004'\]"):
        pp.tmm(toy)
    assert "tmm" not in toy.layers
