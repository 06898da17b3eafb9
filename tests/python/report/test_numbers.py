"""The tables and numbers that the report shows, against what the fixture made up."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import report
from tissueshap._core import slots
from tissueshap._core.errors import MissingSlotError
from tissueshap.report import _sections
from tissueshap.report._account import account
from tissueshap.report._caveats import caveats


def test_summary(finished: ad.AnnData) -> None:
    found = report.summarise(finished)
    assert (found["n_samples"], found["n_classes"], found["n_genes"]) == (180, 4, 200)
    assert found["n_train"] + found["n_test"] == 180
    assert found["n_train_balanced"] == found["n_train"]
    assert found["v_measure"] == {"shap": 0.9, "de": 0.8, "all": 0.7, "random": 0.4}
    assert found["n_shap_genes"] == int(finished.var["shap_selected"].sum())
    assert found["versions"]["tissueshap"]


def test_summary_of_nothing_is_none(toy: ad.AnnData) -> None:
    found = report.summarise(toy)
    assert found["n_samples"] == 180
    assert found["macro_f1"] is found["n_train"] is found["n_de_genes"] is None
    assert set(found["v_measure"].values()) == {None}


def test_gene_table_has_the_values_of_the_slots(finished: ad.AnnData) -> None:
    table = report.gene_table(finished)
    assert list(table.columns[:4]) == ["class", "rank", "gene", "symbol"]
    for row in table.sample(20, random_state=0).itertuples(index=False):
        name = row[0].replace("/", "|")
        assert row.rank == finished.varm["shap_rank"].loc[row.gene, name]
        assert row.logfc == finished.varm["de_logfc"].loc[row.gene, name]
        assert row.symbol == finished.var["symbol"][row.gene]
        assert row.in_de == (row.fdr < 0.01 and abs(row.logfc) > 4)
    assert table.groupby("class")["rank"].is_monotonic_increasing.all()


def test_gene_table_names_the_missing_verb(toy: ad.AnnData) -> None:
    with pytest.raises(MissingSlotError, match="select_genes"):
        report.gene_table(toy)


def test_a_gene_without_symbol_shows_its_identifier(finished: ad.AnnData) -> None:
    gene = report.gene_table(finished)["gene"][0]
    finished.var.loc[gene, "symbol"] = ""
    assert report.gene_table(finished)["symbol"][0] == gene


def test_truth_counts_pairs(finished: ad.AnnData) -> None:
    genes = slots.table(finished, "select_genes", "genes")
    genes.drop(genes.index, inplace=True)
    genes.loc[0] = ["Liver", "G00013", 1, 0.1, True]  # planted there
    genes.loc[1] = ["Liver", "G00001", 2, 0.1, True]  # planted elsewhere
    scores = report.score_truth(finished).set_index(["method", "kind"])
    liver = finished.uns["truth"].query("`class` == 'Liver' and gene == 'G00013'")
    assert list(liver["kind"]) == ["exclusive"]
    assert scores.loc[("SHAP", "exclusive"), "n_found"] == 1
    assert scores.loc[("SHAP", "exclusive"), "recall"] == pytest.approx(1 / 24)
    assert scores.loc[("SHAP", "any"), "precision"] == pytest.approx(1 / 2)
    assert scores.loc[("SHAP", "subtle"), "n_found"] == 0
    assert scores.loc[("DE", "exclusive"), "recall"] > 0.9
    assert scores.loc[("DE", "subtle"), "recall"] == 0  # below |log2FC| > 4


def test_truth_counts_what_the_filter_dropped(finished: ad.AnnData) -> None:
    before = report.score_truth(finished)
    kept = finished[:, finished.var_names != "G00013"].copy()
    after = report.score_truth(kept)
    assert list(after["n_planted"]) == list(before["n_planted"])
    lost = before.query("method == 'DE' and kind == 'exclusive'")["n_found"].iloc[0]
    assert after.query("method == 'DE' and kind == 'exclusive'")["n_found"].iloc[0] == lost - 1


def test_truth_is_that_of_the_classes_of_the_data(finished: ad.AnnData) -> None:
    before = report.score_truth(finished)
    other = finished.uns["truth"].astype(str).assign(**{"class": "Elsewhere"})
    finished.uns["truth"] = pd.concat([finished.uns["truth"].astype(str), other])
    pd.testing.assert_frame_equal(report.score_truth(finished), before)


def test_truth_is_asked_for(panel: ad.AnnData) -> None:
    with pytest.raises(MissingSlotError, match="simulated"):
        report.score_truth(panel)


def test_markers_say_what_was_not_found(finished: ad.AnnData) -> None:
    top, low = (
        finished.varm["shap_rank"]["Liver"].idxmin(),
        finished.varm["shap_rank"]["Liver"].idxmax(),
    )
    finished.uns["markers"] = pd.DataFrame(
        {
            "class": ["Liver", "Liver", "Liver", "Spleen"],
            "gene": [finished.var["symbol"][top], low, "ALB", "CD19"],
        }
    )
    scored = report.score_markers(finished)
    assert list(scored["class"]) == ["Liver"] * 3
    assert list(scored["measured"]) == [True, True, False]
    assert list(scored["in_shap"]) == [True, False, False]
    assert list(scored["shap_rank"][:2]) == [1, finished.n_vars]
    assert np.isnan(scored["shap_rank"][2])
    assert not scored["in_de"][2]
    (section,) = _sections.markers(finished)
    assert section["n_measured"] == 2
    assert section["expected"] == pytest.approx(2 * 12 / 200)
    assert section["absent"] == ["ALB"]


def test_classes_add_up(finished: ad.AnnData) -> None:
    rows = pd.DataFrame(_sections.classes(finished))
    assert rows["n"].sum() == finished.n_obs
    assert (rows["train"] + rows["test"] == rows["n"]).all()
    assert list(rows["balanced"]) == list(rows["train"])
    assert (rows["donors"] <= rows["n"]).all()


def test_mistakes_leave_out_what_is_right(finished: ad.AnnData) -> None:
    (row,) = _sections.mistakes(finished)
    assert (row["true"], row["predicted"], row["n"]) == ("Brain - Cortex", "CD8+/CD45RA+ Naive", 2)


def _headings(adata: ad.AnnData) -> str:
    return " ".join(heading for heading, _ in caveats(adata))


def test_caveats_follow_the_data(finished: ad.AnnData) -> None:
    assert "Donors on both sides" in _headings(finished)
    assert "A panel of genes" in _headings(finished)
    assert "A simpler model" not in _headings(finished)
    slots.record(finished)["evaluate"]["baseline_macro_f1"] = 0.99
    assert "A simpler model" in _headings(finished)
    finished.obs["donor"] = pd.Categorical(finished.obs_names)
    assert "Donors on both sides" not in _headings(finished)


def test_caveats_recommend_folds_for_small_classes(finished: ad.AnnData) -> None:
    counts = pd.DataFrame({"class": ["Liver", "Lung"], "n": [29, 30], "n_test": [7, 8]})
    finished.uns["tissueshap"]["split"]["counts"] = counts
    words = dict(caveats(finished))["Classes of fewer than 30 samples"]
    assert "held out: Liver (7). Cross-validation (--folds 5)" in words
    counts["n"] += 1
    assert "Classes of fewer than 30 samples" not in dict(caveats(finished))


def test_caveats_name_classes_without_de_genes(finished: ad.AnnData) -> None:
    assert "without differentially expressed" not in _headings(finished)
    counts = slots.table(finished, "de", "counts")
    counts.loc[counts["class"] == "Liver", ["up", "down"]] = 0
    words = dict(caveats(finished))["Classes without differentially expressed genes"]
    assert words.count("Liver") == 1
    assert "Brain" not in words


def test_caveats_notice_a_long_list(finished: ad.AnnData) -> None:
    assert "A large share of the genes" not in _headings(finished)
    finished.var["shap_selected"] = True
    words = dict(caveats(finished))["A large share of the genes is selected"]
    assert "100% of the genes" in words
    assert "--select top_n" in words
    slots.record(finished)["select_genes"]["params"]["method"] = "unique_fraction"
    assert "--unique-fraction" in dict(caveats(finished))["A large share of the genes is selected"]


def test_caveats_speak_of_tmm_where_it_was_run(finished: ad.AnnData) -> None:
    panel = "A panel of genes, not a transcriptome"
    assert "TMM" not in dict(caveats(finished))[panel]
    slots.write(finished, "tmm", {}, params={})
    assert "TMM" in dict(caveats(finished))[panel]


def test_the_account_is_of_what_was_run(finished: ad.AnnData) -> None:
    records = slots.record(finished)
    assert account(finished).startswith("Counts were filtered. Some samples of each class")
    slots.write(finished, "tmm", {}, params={})
    assert account(finished).startswith("Counts were filtered and normalised by TMM (edgeR).")
    assert "balanced by SMOTE" in account(finished)
    assert "attributed the probability of the predicted class" in account(finished)
    assert "follows its median over" in account(finished)
    assert "edgeR compared each class" in account(finished)
    del records["filter_genes"], records["tmm"], records["de"], records["oversample"]
    records["shap"]["params"] |= {"output": "logit", "target": "Liver"}
    records["rank_genes"]["params"]["statistic"] = "mean"
    said = account(finished)
    assert said.startswith("Values were log-transformed already")
    assert "was trained on the others." in said
    assert "attributed the logit of the class Liver" in said
    assert "follows its mean over" in said
    assert "compared each class" not in said
    finished.uns["tissueshap"] = {"label": "tissue"}
    assert account(finished) == ""
