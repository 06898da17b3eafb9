"""Brawand et al. to Blake et al.: independent studies of the same organs, counts."""

import pytest

from tissueshap._core.errors import DataWarning

pytestmark = [pytest.mark.slow, pytest.mark.r]


@pytest.fixture(scope="module")
def found(cohorts, data_dir):
    with pytest.warns(DataWarning, match="2 samples of .* are zero in every gene"):
        return cohorts.primates(data_dir)


def test_the_classifier_reaches_the_other_study(found):
    assert found["n_genes_shared"] == 4139
    assert found["held_out"]["macro_f1"] >= 0.95
    assert found["logistic_regression"] == {"n_correct": 35, "n_scored": 35}
    assert found["transfer"]["n_correct"] == found["transfer"]["n_scored"] == 35
    for run in found["by_seed"]:
        assert min(run["log2"], run["harmonised"]) >= 34, run


@pytest.mark.parametrize("ranks", ["stability", "stability_top_100"])
def test_both_studies_use_the_same_genes(found, ranks):
    rows = {row["class"]: row for row in found[ranks]["per_class"]}
    assert set(rows) == {"Heart", "Kidney", "Liver"}
    for name, row in rows.items():
        assert row["pvalue"] < 1e-10, row
        assert row["n_both"] > 1.5 * row["expected"], row
        assert row["rbo"] > row["rbo_expected"], row
        assert row["closest"] == name, row


def test_both_studies_call_the_same_genes(found):
    for row in found["de_in_both"]:
        assert row["pvalue"] < 1e-20, row
        assert row["n_both"] > 2 * row["expected"], row


@pytest.mark.parametrize("study", ["de", "de_blake"])
def test_the_hearts_de_genes_contract(found, study):
    terms = {row["Description"]: row["p.adjust"] for row in found["heart"][study]["expected"]}
    assert terms["Muscle contraction"] < 1e-3


def test_the_hearts_shap_genes_are_its_de_genes_more_often_than_by_chance(found):
    row = found["heart_overlap_with_de"]
    assert row["n_both"] > row["expected"]
    assert row["pvalue"] < 1e-3
