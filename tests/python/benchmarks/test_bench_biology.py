"""The benchmark of real biology, on cohorts of which the answer is known."""

from __future__ import annotations

import importlib
import json
import sys
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from tissueshap import datasets, pp, settings
from tissueshap.enrichment._gene_sets import gene_sets

from .conftest import FOLDER


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        return importlib.import_module("bench_biology")


@pytest.fixture(scope="module")
def studies(bench) -> ModuleType:
    return sys.modules["biology.studies"]


@pytest.fixture
def study(studies):
    """Three tissues with 30 genes each that are silent in the others, and another cohort."""
    rng = np.random.default_rng(1)
    names = ["Heart", "Kidney", "Liver"]
    genes = [f"g{number}" for number in range(400)]
    tpm = pd.DataFrame({name: rng.lognormal(3, 1, 400) for name in ["all"]}, genes)
    tpm = pd.DataFrame({name: tpm["all"] for name in names})
    own = {name: set(genes[30 * code : 30 * code + 30]) for code, name in enumerate(names)}
    for name, held in own.items():
        tpm.loc[sorted(held)] = 0.1
        tpm.loc[sorted(held), name] = 500.0
    adata = datasets.simulate(profiles=tpm, n_per_class=10, depth=1e6, contamination=0.0)
    other = datasets.simulate(profiles=tpm, n_per_class=4, depth=1e6, contamination=0.0, seed=1)
    pp.tmm(adata)
    pp.split(adata, n_test=3)
    pp.tmm(other, reference=adata)
    symbols = {gene: gene.upper() for gene in genes}
    return studies.Study(adata, other, own, {"Heart": own["Heart"]}, symbols)


@pytest.fixture(scope="module")
def sets():
    return gene_sets(
        {"of hearts": [f"G{n}" for n in range(20)], "any": [f"G{n}" for n in range(400)]}
    )


@pytest.mark.r
@pytest.mark.parametrize(
    "method",
    [
        "logistic + 1",
        "logistic + 5, standardised",
        "nearest centroid",
        "edgeR",
        "limma",
    ],
)
def test_methods_find_what_is_there(bench, study, sets, method):
    found = bench.cell(study, method, 42, sets, "confirmation")
    rows = {row["class"]: row for row in found["classes"]}
    assert found["n_genes"] == 400
    for row in rows.values():
        assert row["top_20"] >= 0.9
        assert row["chance"] == pytest.approx(30 / 400)
        if "correct" in row:
            assert (row["n"], row["correct"], row["wrong"]) == (3, 3, 0)
            assert (row["other_n"], row["other_correct"], row["other_wrong"]) == (4, 4, 0)
    assert rows["Heart"]["marker_rank"] == 15.5
    assert rows["Heart"]["term"] == "of hearts"
    assert rows["Liver"]["n_terms"] == 0
    assert rows["Heart"]["top"][0] == rows["Heart"]["top"][0].upper()


@pytest.mark.r
def test_the_profile_itself_ranks_only_what_was_drawn_around_one(bench, study, sets):
    assert bench.cell(study, "profile without noise", 42, sets, "confirmation") is None
    silent = pd.DataFrame(0.0, study.adata.var_names, study.classes)
    for name, own in study.specific.items():
        silent.loc[sorted(own)[:15], name] = 500.0
    study.profile = silent
    found = bench.cell(study, "profile without noise", 42, sets, "confirmation")
    assert [row["top_10"] for row in found["classes"]] == [1.0, 1.0, 1.0]
    assert all("correct" not in row for row in found["classes"])


@pytest.mark.r
def test_networks_go_through_the_verbs(bench, study, sets):
    methods = sys.modules["biology.methods"]
    fitted = methods.network(epochs=5, balance="none")(study, 42)
    rows = sys.modules["biology.measures"].measured(study, fitted, sets)
    assert fitted.scores.shape == (400, 3)
    assert len(fitted.predicted) == 9
    assert fitted.cpu_training > 0
    predicted = sum(row["other_correct"] + row["other_wrong"] for row in rows)
    assert predicted == study.other.n_obs
    for row in rows:
        explained = row["correct"] > 0
        assert fitted.scores[row["class"]].notna().all() == explained
        assert len(row["top"]) == 20 * explained


@pytest.mark.r
def test_a_class_without_an_explanation_has_no_genes(bench, study, sets):
    methods, measures = sys.modules["biology.methods"], sys.modules["biology.measures"]
    scores = pd.DataFrame(np.nan, study.adata.var_names, study.classes)
    rows = measures.measured(study, methods.Fitted(scores), sets)
    assert [row["top"] for row in rows] == [[], [], []]
    assert [row["top_20"] for row in rows] == [0, 0, 0]
    assert rows[0]["marker_rank"] == 400
    assert "correct" not in rows[0]


@pytest.mark.r
def test_selection_sees_its_classes_only(bench, study, sets):
    found = bench.cell(study, "nearest centroid", 101, sets, "selection")
    assert [row["class"] for row in found["classes"]] == ["Kidney"]


def test_halves_share_the_tissues(studies, data_dir):
    path = data_dir / "tissue_profiles" / "gtex_mean_tpm.tsv.gz"
    tissues = list(pd.read_csv(path, sep="\t", index_col=0, nrows=1))
    chosen = [name for name in tissues if studies.in_selection(name)]
    assert set(sorted(tissues)[1::2]) <= set(chosen)
    assert 0.4 < len(chosen) / len(tissues) < 0.6


def test_contradicted_genes_are_alone_in_different_tissues(studies):
    gtex = pd.DataFrame({"A": [99, 99, 50.0, 0], "B": [0, 0, 40, 5]}, list("pqrs"))
    hpa = pd.DataFrame({"a": [0, 99, 0.0, 0], "b": [99, 0, 50, 99]}, list("pqrs"))
    assert studies.contradicted(gtex, hpa, {"a": "A", "b": "B"}) == {"p"}


def test_markers_are_genes(studies, data_dir):
    table = pd.read_csv(data_dir / "annotation" / "genes_ensembl76.tsv.gz", sep="\t")
    for genes in studies.MARKERS.values():
        assert len(set(genes)) == len(genes)
        assert set(genes) <= set(table["gene_name"])


def test_macro_f1_is_that_of_scikit_learn(bench):
    rng = np.random.default_rng(2)
    true, predicted = rng.integers(0, 4, 60), rng.integers(0, 5, 60)
    rows = [
        {
            "n": (true == code).sum(),
            "correct": ((true == code) & (predicted == code)).sum(),
            "wrong": ((true != code) & (predicted == code)).sum(),
        }
        for code in range(4)
    ]
    tables = sys.modules["biology.tables"]
    expected = f1_score(true, predicted, labels=range(4), average="macro")
    assert tables.macro_f1(pd.DataFrame(rows)) == pytest.approx(expected)


def test_agreement_is_the_share_of_genes_in_common(bench):
    tables = sys.modules["biology.tables"]
    lists = [list(range(20)), list(range(10, 30)), list(range(10, 30))]
    held = [pd.DataFrame({"class": ["a"], "top": [top]}) for top in lists]
    assert tables.agreement(held) == pytest.approx((0.5 + 0.5 + 1) / 3)


@pytest.mark.r
def test_cells_are_run_once_and_shown(bench, study, tmp_path, monkeypatch, data_dir, capsys):
    calls = []
    monkeypatch.setitem(bench.STUDIES, "mosaic", lambda *given: calls.append(given) or study)
    for name in ("progress", "n_jobs"):  # put back afterwards
        monkeypatch.setattr(settings, name, getattr(settings, name))
    monkeypatch.setenv("TISSUESHAP_DATA", str(data_dir))
    out = tmp_path / "cells.jsonl"
    arguments = ["--study", "mosaic", "--method", "nearest centroid", "--out", str(out)]
    for seeds in (["42", "1"], ["42", "1", "7"]):
        options = ["bench", "--half", "confirmation", "--seed", *seeds, *arguments]
        monkeypatch.setattr(sys, "argv", options)
        bench.main()
    assert [seed for _, seed in calls] == [42, 1, 7]
    assert [json.loads(line)["seed"] for line in out.read_text().splitlines()] == [42, 1, 7]
    monkeypatch.setattr(sys, "argv", ["bench", "--table", "--out", str(out)])
    bench.main()
    printed = capsys.readouterr().out
    assert "| nearest centroid | 16 (16-16) |" in printed
    assert "mosaic markers" in printed
    assert "12.0 of 12 (1.00)" in printed


def test_page_has_the_tables_of_the_summary(bench):
    tables = sys.modules["biology.tables"]
    found = json.loads(bench.SUMMARY.read_text("utf-8"))
    page = bench.PAGE.read_text("utf-8")
    assert page.count("<!-- table: ") == page.count("<!-- end -->") > 0
    assert tables.filled(page, tables.rendered(found)) == page


def test_seeds_of_the_other_half_are_refused(bench, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["bench", "--half", "selection", "--seed", "42"])
    with pytest.raises(SystemExit):
        bench.main()
