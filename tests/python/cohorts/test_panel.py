"""GTEx v8, 59 genes and 47 tissues."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.r]


@pytest.fixture(scope="module")
def found(cohorts, data_dir):
    return cohorts.panel(data_dir)


def test_the_papers_cohort(found):
    assert found["n_samples"] == 16651
    assert found["n_train_balanced"] == 35362
    assert found["held_out"]["macro_f1"] > 0.88


def test_every_way_of_balancing(found):
    rows = {row["method"]: row for row in found["balancing"]}
    assert set(rows) == {"none", "class_weight", "undersample", "random", "smote"}
    assert rows["none"]["n_train"] == rows["class_weight"]["n_train"] == 14301
    assert rows["smote"]["n_train"] == 35362
    assert rows["undersample"]["n_train"] == 35 * 47
    assert rows["undersample"]["macro_f1"] == min(row["macro_f1"] for row in rows.values())
    assert rows["smote"]["macro_f1"] > 0.85


def test_genes_and_clusters(found):
    assert 0 < found["n_shap"] <= 59
    assert 0 < found["n_de"] <= 59
    assert found["v_measure"]["all"] > 0.5
