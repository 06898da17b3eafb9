"""The filter: its rules against NumPy, and what is refused."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from tissueshap import pp
from tissueshap._core.errors import DataError, DataWarning

pytestmark = pytest.mark.r


def by_numpy(adata: ad.AnnData, min_samples: int) -> np.ndarray:
    counts = np.asarray(adata.X, dtype=np.float64)
    rate = counts / adata.var["length"].to_numpy()
    tpm = rate / rate.sum(axis=1, keepdims=True) * 1e6
    return (
        (adata.var["biotype"] == "protein_coding").to_numpy()
        & ((counts >= 6).sum(axis=0) > min_samples)
        & ((tpm > 0.1).sum(axis=0) > min_samples)
    )


@pytest.fixture
def sparse_genes(toy: ad.AnnData) -> ad.AnnData:
    """The toy with a third of its genes hardly expressed, or in few samples."""
    toy.X = toy.X.copy()
    toy.X[:, 100:130] = np.random.default_rng(1).poisson(0.5, (180, 30))
    toy.X[30:, 130:160] = 0
    toy.var.iloc[0, toy.var.columns.get_loc("length")] = 1e12  # reads, but no TPM
    return toy


def test_rules_and_record(sparse_genes: ad.AnnData) -> None:
    expected = by_numpy(sparse_genes, 28)
    assert 100 < expected.sum() < 190
    names = sparse_genes.var_names[expected]
    assert pp.filter_genes(sparse_genes, subset=True) is None
    assert sparse_genes.var_names.tolist() == names.tolist()
    assert sparse_genes.var["filter_pass"].all()
    record = sparse_genes.uns["tissueshap"]["filter_genes"]
    assert record["min_samples"] == 28  # 95 % of the 30 samples of the smallest class
    rules = record["rules"].set_index("rule")
    assert rules["applied"].all()
    assert rules.loc["protein_coding", "n_pass"] == 190
    assert rules.loc["intersection", "n_pass"] == expected.sum()
    assert record["params"]["label"] == "tissue"
    assert "R" in record["versions"]


def test_marking_only(sparse_genes: ad.AnnData) -> None:
    expected = by_numpy(sparse_genes, 50)
    made = pp.filter_genes(sparse_genes, min_samples=50, subset=False, key_added="a", copy=True)
    assert made.var["a_filter_pass"].tolist() == expected.tolist()
    assert "a_filter_pass" not in sparse_genes.var


def test_dropping_under_another_name(sparse_genes: ad.AnnData) -> None:
    expected = by_numpy(sparse_genes, 28)
    pp.filter_genes(sparse_genes, key_added="mine", subset=True)
    assert sparse_genes.n_vars == expected.sum()


def test_thresholds(sparse_genes: ad.AnnData) -> None:
    expected = (sparse_genes.X >= 40).sum(axis=0) > 28
    del sparse_genes.var["length"]
    pp.filter_genes(sparse_genes, min_reads=40, protein_coding=False)
    assert sparse_genes.var["filter_pass"].tolist() == expected.tolist()


def test_given_tpm_comes_before_lengths(sparse_genes: ad.AnnData) -> None:
    tpm = np.ones(sparse_genes.shape, np.float32)
    tpm[:, 7] = 0.05
    sparse_genes.layers["tpm"] = tpm
    del sparse_genes.var["biotype"]
    pp.filter_genes(sparse_genes, min_reads=0)
    assert np.flatnonzero(~sparse_genes.var["filter_pass"]).tolist() == [7]


def test_without_annotation_the_record_says_so(sparse_genes: ad.AnnData) -> None:
    expected = (sparse_genes.X >= 6).sum(axis=0) > 28
    sparse_genes.var = sparse_genes.var[[]]
    pp.filter_genes(sparse_genes)
    assert sparse_genes.var["filter_pass"].tolist() == expected.tolist()
    rules = sparse_genes.uns["tissueshap"]["filter_genes"]["rules"].set_index("rule")
    assert rules["applied"].tolist() == [False, True, False, True]
    assert "no TPM and no gene lengths" in rules.loc["tpm", "note"]


def test_missing_biotypes_do_not_pass(toy: ad.AnnData) -> None:
    toy.var["biotype"] = toy.var["biotype"].astype(object)
    toy.var.iloc[5, toy.var.columns.get_loc("biotype")] = np.nan
    pp.filter_genes(toy, subset=False, min_samples=0)
    assert not toy.var["filter_pass"].iloc[5]


@pytest.mark.parametrize(
    "form",
    [
        np.float32,
        np.float64,
        np.int64,
        np.uint16,
        sp.csr_matrix,
        sp.csc_matrix,
        lambda x: sp.csr_matrix(x.astype(np.float32)),
    ],
)
def test_forms_of_counts(sparse_genes: ad.AnnData, form: Any) -> None:
    expected = by_numpy(sparse_genes, 28)
    sparse_genes.X = form(sparse_genes.X)
    pp.filter_genes(sparse_genes)
    assert sparse_genes.var["filter_pass"].tolist() == expected.tolist()


def test_view(sparse_genes: ad.AnnData) -> None:
    view = sparse_genes[sparse_genes.obs["tissue"] != "Liver", 20:]
    expected = by_numpy(view, 28)
    pp.filter_genes(view, subset=True)
    assert view.n_vars == expected.sum()
    assert sparse_genes.n_vars == 200
    assert "filter_pass" not in sparse_genes.var


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
def test_file(sparse_genes: ad.AnnData, tmp_path: Path, form: Any) -> None:
    expected = by_numpy(sparse_genes, 28)
    sparse_genes.X = form(sparse_genes.X)
    sparse_genes.write_h5ad(tmp_path / "toy.h5ad")
    held = ad.read_h5ad(tmp_path / "toy.h5ad", backed="r")
    with pytest.raises(DataError, match=r"adata = adata\.to_memory\(\)"):
        pp.filter_genes(held, subset=True)
    with pytest.raises(DataError, match="backed on disk"):
        pp.filter_genes(held[:100])
    pp.filter_genes(held)
    assert held.var["filter_pass"].tolist() == expected.tolist()
    made = pp.filter_genes(held, subset=True, copy=True)
    assert made is not None
    assert not made.isbacked
    assert made.n_vars == expected.sum()
    held.file.close()


class TestRefused:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (-3.0, r"count -3\.0 of gene 'G00006' in sample 'S003' \(adata\.X\) is negative"),
            (2.5, "is not an integer: use raw counts"),
            (np.nan, "is missing or infinite"),
            (np.inf, "is missing or infinite"),
        ],
    )
    @pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix])
    def test_values_that_are_no_counts(
        self, toy: ad.AnnData, value: float, message: str, form: Any
    ) -> None:
        counts = toy.X.astype(np.float64)
        counts[3, 5] = value
        toy.X = form(counts)
        with pytest.raises(DataError, match=message):
            pp.filter_genes(toy)
        assert toy.n_vars == 200
        assert "filter_genes" not in toy.uns["tissueshap"]

    def test_negative_integers(self, toy: ad.AnnData) -> None:
        toy.X = toy.X.copy()
        toy.X[179, 199] = -1
        with pytest.raises(DataError, match="count -1 of gene 'G00200' in sample 'S179'"):
            pp.filter_genes(toy)

    def test_place_is_right_in_a_later_block(
        self, toy: ad.AnnData, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tissueshap._core.dense._BLOCK", 1000)
        toy.X = toy.X.copy()
        toy.X[100, 7] = -1
        with pytest.raises(DataError, match="gene 'G00008' in sample 'S100'"):
            pp.filter_genes(toy)

    def test_samples_without_counts(self, toy: ad.AnnData) -> None:
        toy.X = toy.X.copy()
        toy.X[[3, 8]] = 0
        with pytest.raises(DataError, match=r"2 sample\(s\) have no counts.*'S003', 'S008'.*drop"):
            pp.filter_genes(toy)

    def test_nothing_passes(self, toy: ad.AnnData) -> None:
        with pytest.raises(DataError, match=r"none of 200 genes .*reads 0.*min_samples \(28\)"):
            pp.filter_genes(toy, min_reads=10**7)
        assert toy.n_vars == 200
        assert "filter_pass" not in toy.var

    def test_no_label(self, toy: ad.AnnData) -> None:
        toy.uns.clear()
        with pytest.raises(DataError, match="Pass label="):
            pp.filter_genes(toy)

    def test_no_counts(self, toy: ad.AnnData) -> None:
        toy.X = None
        with pytest.raises(DataError, match=r"adata\.X is empty"):
            pp.filter_genes(toy)

    def test_no_samples(self, toy: ad.AnnData) -> None:
        with pytest.raises(DataError, match="0 samples"):
            pp.filter_genes(toy[:0].copy())


def test_the_papers_numbers_of_samples(cohort: ad.AnnData) -> None:
    pp.filter_genes(cohort)
    assert cohort.uns["tissueshap"]["filter_genes"]["min_samples"] == 80
    assert cohort.n_vars == 59


@pytest.fixture
def cells() -> ad.AnnData:
    """Molecules of 60 cells, two classes, 40 genes: most are 0, most of the others 1."""
    rng = np.random.default_rng(5)
    counts = rng.poisson(np.geomspace(0.02, 2, 40), (60, 40))
    counts[:, 39] = 9
    adata = ad.AnnData(counts.astype(np.float32))
    adata.obs["type"] = ["a"] * 30 + ["b"] * 30
    return adata


def test_sparse_counts_need_one_read(cells: ad.AnnData, caplog: pytest.LogCaptureFixture) -> None:
    expected = (cells.X >= 1).sum(axis=0) > 10
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        pp.filter_genes(cells, "type", min_samples=10, subset=True)
    record = cells.uns["tissueshap"]["filter_genes"]
    assert (record["min_reads"], bool(record["sparse"])) == (1, True)
    assert (record["n_genes"], record["n_pass"]) == (40, expected.sum())
    assert cells.n_vars == expected.sum()
    assert f"kept {expected.sum()} of 40 genes: at least 1 reads in more than 10" in caplog.text


def test_the_threshold_of_bulk_samples_is_warned_of(cells: ad.AnnData) -> None:
    with pytest.warns(DataWarning, match=r"min_reads=6 is meant for bulk.*pass min_reads=1"):
        pp.filter_genes(cells, "type", min_reads=6)
    assert cells.uns["tissueshap"]["filter_genes"]["n_pass"] == 1


def test_bulk_samples_that_lose_most_genes_are_warned_of(toy: ad.AnnData) -> None:
    toy.X = toy.X.copy()
    toy.X[30:, :170] = 1
    with pytest.warns(DataWarning, match=r"few have 6 reads .*min_samples or min_reads"):
        pp.filter_genes(toy, min_samples=50)


def test_bulk_samples_have_the_papers_threshold(sparse_genes: ad.AnnData) -> None:
    pp.filter_genes(sparse_genes)
    record = sparse_genes.uns["tissueshap"]["filter_genes"]
    assert (record["min_reads"], bool(record["sparse"])) == (6, False)


def test_a_second_call_says_what_is_gone(cells: ad.AnnData) -> None:
    pp.filter_genes(cells, "type", min_samples=20)
    pp.filter_genes(cells, "type", min_samples=20, subset=True)
    n_left = cells.n_vars
    assert n_left < 20
    with pytest.warns(DataWarning, match=rf"dropped {40 - n_left} of 40 genes.*subset=False"):
        pp.filter_genes(cells, "type", min_samples=5)
    assert cells.n_vars == n_left
    assert cells.uns["tissueshap"]["filter_genes"]["min_reads"] == 1


def test_counts_in_a_layer(sparse_genes: ad.AnnData) -> None:
    expected = by_numpy(sparse_genes, 28)
    sparse_genes.layers["counts"] = sparse_genes.X.copy()
    logged = np.log1p(sparse_genes.X)
    sparse_genes.X = logged.copy()
    with pytest.raises(DataError, match="pass layer='counts'"):
        pp.filter_genes(sparse_genes)
    pp.filter_genes(sparse_genes, layer="counts", subset=True)
    np.testing.assert_array_equal(sparse_genes.X, logged[:, expected])
    assert sparse_genes.uns["tissueshap"]["filter_genes"]["params"]["layer"] == "counts"
    pp.tmm(sparse_genes)  # from the layer, too
    assert np.array_equal(sparse_genes.obs["lib_size"], sparse_genes.layers["counts"].sum(axis=1))


def test_excluded_classes_have_no_part(sparse_genes: ad.AnnData) -> None:
    smallest = sparse_genes.obs["tissue"].value_counts().index[-1]
    pp.filter_genes(sparse_genes, exclude=[smallest])
    assert smallest not in set(sparse_genes.obs["tissue"])
    n_smallest = sparse_genes.obs["tissue"].value_counts().min()
    record = sparse_genes.uns["tissueshap"]["filter_genes"]
    assert record["min_samples"] == int(0.95 * n_smallest)
