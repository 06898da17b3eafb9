"""Differential expression: edgeR's own values, planted markers, and what is refused."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from scipy.stats import mannwhitneyu

from tissueshap import io, pp, settings
from tissueshap._bridge import counts, r
from tissueshap._core.errors import DataError, MissingSlotError, RError
from tissueshap.tl import de

pytestmark = pytest.mark.r

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@pytest.fixture
def normalised(toy: ad.AnnData) -> ad.AnnData:
    pp.tmm(toy)
    return toy


def test_primates_have_edgers_values(data_dir: Path) -> None:
    folder = data_dir / "blake_primates"
    counts = pd.read_csv(folder / "counts.tsv.gz", sep="\t", index_col=0)
    samples = pd.read_csv(folder / "samples.tsv.gz", sep="\t", index_col=0).loc[counts.columns]
    adata = ad.AnnData(
        np.ascontiguousarray(counts.to_numpy(np.int32).T), obs=samples, var=counts[[]]
    )
    pp.tmm(adata)
    de(adata, "tissue")
    golden = pd.read_csv(folder / "golden_edger_qlf_one_vs_rest.tsv.gz", sep="\t")
    for key, column, tolerance in (
        ("de_logfc", "logFC", {"rtol": 0, "atol": 1e-6}),
        ("de_pvalue", "PValue", {"rtol": 1e-6, "atol": 0}),
        ("de_fdr", "FDR", {"rtol": 1e-6, "atol": 0}),
    ):
        expected = golden.pivot(index="gene_id", columns="class", values=column)
        expected = expected.loc[adata.var_names, adata.varm[key].columns]
        assert np.allclose(adata.varm[key], expected, **tolerance), key
    strong = golden[(golden["FDR"] < 0.01) & (golden["logFC"].abs() > 4)]
    assert set(adata.var_names[adata.var["de_significant"]]) == set(strong["gene_id"])
    counted = adata.uns["tissueshap"]["de"]["counts"].set_index("class")
    ups = strong[strong["logFC"] > 0].groupby("class").size()
    assert counted["up"].astype(int).to_dict() == ups.to_dict()


def test_markers_are_found_and_nothing_else(normalised: ad.AnnData) -> None:
    assert de(normalised, lfc=1) is None
    truth = normalised.uns["truth"]
    fdr, logfc = normalised.varm["de_fdr"], normalised.varm["de_logfc"]
    for name, marked in truth[truth["kind"] == "exclusive"].groupby("class"):
        column = name.replace("/", "|")
        assert (fdr.loc[marked["gene"], column] < 0.01).all()
        # One class up by 5 against three others at their base.
        assert np.allclose(logfc.loc[marked["gene"], column], 5, atol=1)
    others = normalised.var_names.difference(truth["gene"])
    assert not normalised.var.loc[others, "de_significant"].any()


def test_slots_and_record(normalised: ad.AnnData, tmp_path: Path) -> None:
    de(normalised, key_added="mine")
    columns = ["Brain - Cortex", "CD8+|CD45RA+ Naive", "Liver", "Peau <b>é<|b>"]
    for key in ("mine_de_logfc", "mine_de_pvalue", "mine_de_fdr"):
        assert list(normalised.varm[key].columns) == columns
        assert (normalised.varm[key].dtypes == np.float64).all()
    assert normalised.varm["mine_de_pvalue"].min().min() >= 0
    record = normalised.uns["tissueshap"]["mine"]
    assert record["params"] == {
        "label": "tissue",
        "fdr": 0.01,
        "lfc": 4.0,
        "method": "edgeR_QL",
        "rest": "mean_of_classes",
        "legacy": True,
    }
    assert record["counts"]["class"].tolist()[1] == "CD8+/CD45RA+ Naive"
    fdr, logfc = normalised.varm["mine_de_fdr"], normalised.varm["mine_de_logfc"]
    assert record["counts"]["up"].tolist() == ((fdr < 0.01) & (logfc > 4)).sum().tolist()
    assert record["counts"]["down"].tolist() == ((fdr < 0.01) & (logfc < -4)).sum().tolist()
    either = ((fdr < 0.01) & (logfc.abs() > 4)).any(axis=1)
    assert normalised.var["mine_de_significant"].tolist() == either.tolist()
    called = normalised.varm["mine_de_called"]
    assert set(called.dtypes) == {np.dtype(bool)}
    assert called.any(axis=1).tolist() == either.tolist()
    assert len(record["dispersion"]) == normalised.n_vars
    normalised.write_h5ad(tmp_path / "toy.h5ad")
    again = ad.read_h5ad(tmp_path / "toy.h5ad")
    pd.testing.assert_frame_equal(again.varm["mine_de_fdr"], fdr)
    pd.testing.assert_frame_equal(again.varm["mine_de_called"], called)


@pytest.mark.parametrize("method", ["edgeR_LRT", "limma_voom"])
def test_other_methods_agree_on_fold_changes(normalised: ad.AnnData, method: str) -> None:
    de(normalised)
    de(normalised, method=method, key_added=method)
    first, second = normalised.varm["de_logfc"], normalised.varm[f"{method}_de_logfc"]
    assert np.corrcoef(first.to_numpy().ravel(), second.to_numpy().ravel())[0, 1] > 0.99
    assert normalised.uns["tissueshap"][method]["params"]["method"] == method


def test_edger_4_s_pipeline_is_asked_for_by_legacy(normalised: ad.AnnData) -> None:
    if int(r.versions("edgeR")["edgeR"].split(".")[0]) < 4:
        with pytest.raises(RError, match=r"legacy = FALSE needs edgeR 4 .*BiocManager::install"):
            de(normalised, legacy=False)
        assert "de_logfc" not in normalised.varm
        return
    de(normalised, legacy=False)
    assert normalised.uns["tissueshap"]["de"]["params"]["legacy"] is False


def test_ranks_are_those_of_scipy(normalised: ad.AnnData) -> None:
    de(normalised, method="wilcoxon", rest="pooled")
    liver = (normalised.obs["tissue"] == "Liver").to_numpy()
    cpm = normalised.layers["tmm"].astype(float)
    expected = [mannwhitneyu(row[liver], row[~liver], method="asymptotic").pvalue for row in cpm.T]
    # The layer is float32: a few counts of different samples become ties.
    assert np.allclose(normalised.varm["de_pvalue"]["Liver"], expected, rtol=1e-3)
    logged = np.log2(cpm + 1)
    fold = logged[liver].mean(axis=0) - logged[~liver].mean(axis=0)
    assert np.corrcoef(normalised.varm["de_logfc"]["Liver"], fold)[0, 1] > 0.99


def test_the_rest_and_the_threshold_matter(normalised: ad.AnnData) -> None:
    de(normalised)
    for rest in ("weighted", "pooled"):
        de(normalised, rest=rest, key_added=rest)
        found, usual = normalised.varm[f"{rest}_de_logfc"], normalised.varm["de_logfc"]
        assert np.corrcoef(found.to_numpy().ravel(), usual.to_numpy().ravel())[0, 1] > 0.9
        assert not np.allclose(found, usual, atol=0.01)
    record = normalised.uns["tissueshap"]
    assert len(record["pooled"]["dispersion"]) == 4 * normalised.n_vars
    de(normalised, lfc_test=2, key_added="far")
    assert record["far"]["params"]["lfc_test"] == 2
    # Some are clearly different from 0 and not from 2.
    near = normalised.varm["de_logfc"].abs() < 2
    sure = normalised.varm["de_fdr"] < 0.01
    assert (near & sure).any().any()
    assert not (near & (normalised.varm["far_de_fdr"] < 0.01)).any().any()


def test_covariates_and_donors_come_from_obs(normalised: ad.AnnData, tmp_path: Path) -> None:
    n = normalised.n_obs
    normalised.obs["age"] = np.arange(n) % 7 + 0.5
    normalised.obs["sex"] = pd.Categorical(np.where(np.arange(n) % 3, "f", "m"))
    normalised.obs["giver"] = [f"D{i % 30}" for i in range(n)]
    # Half of the genes are three times as high in one sex.
    counts = normalised.X.copy()
    counts[np.ix_(normalised.obs["sex"] == "m", np.arange(0, normalised.n_vars, 2))] *= 3
    normalised.X = counts
    pp.tmm(normalised)
    few = normalised[:, :60].copy()
    de(few, key_added="without")
    de(few, covariates=["age", "sex"])
    record = few.uns["tissueshap"]
    assert list(record["de"]["params"]["covariates"]) == ["age", "sex"]
    spread = [record[key]["dispersion"]["dispersion"].median() for key in ("de", "without")]
    assert spread[0] < spread[1]
    again = few[:, :15].copy()
    de(again, method="limma_voom", block="giver", key_added="given")
    assert again.uns["tissueshap"]["given"]["params"]["block"] == "giver"
    assert again.uns["tissueshap"]["given"]["dispersion"]["correlation"].nunique() == 1
    again.write_h5ad(tmp_path / "toy.h5ad")


@pytest.mark.parametrize("wrong", [{"method": "deseq2"}, {"rest": "others"}])
def test_a_choice_that_is_none_is_named_with_those_that_are(
    toy: ad.AnnData, wrong: dict[str, str]
) -> None:
    ((option, value),) = wrong.items()
    with pytest.raises(DataError, match=rf"{option} must be one of '\w+', .*, not '{value}'"):
        de(toy, **wrong)


def test_options_that_do_not_go_together(normalised: ad.AnnData) -> None:
    with pytest.raises(DataError, match=r"no column 'age' for covariates=; it has \['tissue'"):
        de(normalised, covariates=["age"])
    normalised.obs["giver"] = [f"D{i % 30}" for i in range(normalised.n_obs)]
    with pytest.raises(RError, match=r"edgeR_QL cannot hold samples of one donor"):
        de(normalised, block="giver")
    normalised.obs.loc[normalised.obs_names[3], "giver"] = None
    with pytest.raises(RError, match=r"block is missing for samples 4: drop or fill"):
        de(normalised, method="limma_voom", block="giver")


@pytest.mark.slow
def test_workers_change_nothing(normalised: ad.AnnData, monkeypatch: pytest.MonkeyPatch) -> None:
    de(normalised)
    monkeypatch.setattr(counts, "_FEW", 100)
    with settings.override(n_jobs=2):
        pp.tmm(normalised, key_added="shared")
        de(normalised, key_added="shared")
    assert np.array_equal(normalised.obs["shared_norm_factor"], normalised.obs["norm_factor"])
    for key in ("de_logfc", "de_pvalue"):
        assert np.array_equal(normalised.varm[f"shared_{key}"], normalised.varm[key])


def test_order_of_samples_does_not_matter(normalised: ad.AnnData) -> None:
    shuffled = normalised[np.random.default_rng(1).permutation(180)].copy()
    de(normalised)
    de(shuffled)
    assert np.allclose(shuffled.varm["de_logfc"], normalised.varm["de_logfc"], atol=1e-6)


def test_before_tmm(toy: ad.AnnData) -> None:
    with pytest.raises(MissingSlotError, match=r"ts\.pp\.tmm\(adata\)"):
        de(toy)


def test_one_class(normalised: ad.AnnData) -> None:
    with pytest.raises(DataError, match=r"only one class, \['Liver'\]"):
        de(normalised[normalised.obs["tissue"] == "Liver"].copy())


def test_values_that_are_no_counts(normalised: ad.AnnData) -> None:
    normalised.X = normalised.layers["tmm"]
    with pytest.raises(DataError, match="is not an integer"):
        de(normalised)
    assert "de" not in normalised.uns["tissueshap"]


def test_limma_has_limmas_values_on_a_log_scale(data_dir: Path) -> None:
    folder = data_dir / "gtex_hpa_entrez"
    adata = io.read_counts(
        folder / "gtex_log_expression.tsv.gz",
        folder / "gtex_samples.tsv.gz",
        label="tissue",
        values="log",
    )
    de(adata, method="limma", lfc=2)
    golden = pd.read_csv(GOLDEN / "limma.tsv", sep="\t", dtype={"gene": str}).set_index("gene")
    golden = golden.loc[adata.var_names]
    liver = {key: adata.varm[f"de_{key}"]["Liver"] for key in ("logfc", "pvalue", "fdr")}
    assert np.allclose(liver["logfc"], golden["logfc"], rtol=0, atol=1e-5)
    for key in ("pvalue", "fdr"):
        found, expected = (np.log10(np.maximum(held[key], 1e-290)) for held in (liver, golden))
        # The layer is float32.
        assert np.allclose(found, expected, rtol=1e-4, atol=1e-4), key
    record = adata.uns["tissueshap"]["de"]
    assert record["params"]["method"] == "limma"
    counted = record["counts"].set_index("class").loc["Liver"]
    strong = golden[(golden["fdr"] < 0.01) & (golden["logfc"].abs() > 2)]
    assert (counted["up"], counted["down"]) == (
        (strong["logfc"] > 0).sum(),
        (strong["logfc"] < 0).sum(),
    )


def test_limma_needs_finite_log_values(toy: ad.AnnData) -> None:
    with pytest.raises(MissingSlotError, match="log2"):
        de(toy, method="limma")
    toy.layers["log2"] = np.log2(toy.X + 1.0)
    toy.layers["log2"][3, 5] = np.nan
    with pytest.raises(RError, match=r"gene G00006 in sample S003 is not finite"):
        de(toy, method="limma")
