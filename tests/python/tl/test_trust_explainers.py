"""The checks that explain the same model in other ways, and samples with noise."""

import numpy as np
import pytest

from tissueshap import tl
from tissueshap._core import slots


def _row(adata, check):
    return slots.table(adata, "trust", "summary").set_index("check").loc[check]


def test_other_ways_find_genes_that_matter_as_much(explained, model):
    tl.trust(explained, model, checks=["explainers"])
    row, table = _row(explained, "explainers"), slots.table(explained, "trust", "explainers")
    assert row["verdict"] == "holds"
    assert row["value"] > 2 * max(row["chance"], 0.1)
    names = ["SHAP", "integrated gradients", "gradient x input", "SmoothGrad"]
    assert table["method"].tolist() == names
    table = table.set_index("method")
    assert table.loc["SHAP", ["correlation", "jaccard"]].tolist() == pytest.approx([1, 1])
    assert table.loc["integrated gradients", "jaccard"] > 0.3
    assert table["infidelity"].between(0, 1).all()
    # Gradients are about small changes, SHAP values about the distance from the background.
    assert table.loc["SmoothGrad", "infidelity"] < table.loc["SHAP", "infidelity"]


def test_values_of_other_genes_are_behind_the_other_ways(explained, model):
    layer = explained.layers["shap"]
    explained.layers["shap"] = layer[:, np.random.default_rng(0).permutation(explained.n_vars)]
    tl.trust(explained, model, checks=["explainers"])
    assert _row(explained, "explainers")["verdict"] == "fails"
    assert slots.table(explained, "trust", "explainers")["jaccard"][1:].max() < 0.2


def test_replicates_have_the_same_values_and_noise_has_not(explained, model):
    tl.trust(explained, model, checks=["sensitivity"])
    row, table = _row(explained, "sensitivity"), slots.table(explained, "trust", "sensitivity")
    assert row["verdict"] == "holds"
    assert table["class"].tolist() == slots.class_names(explained)
    # Noise changes more than other draws do.
    assert (table["sensitivity"] > table["draws"]).all()
    layer = explained.layers["shap"]
    shuffled = layer[:, np.random.default_rng(0).permutation(explained.n_vars)]
    explained.layers["shap"] = shuffled
    tl.trust(explained, model, checks=["sensitivity"])
    row = _row(explained, "sensitivity")
    assert row["verdict"] == "fails"
    assert row["value"] == pytest.approx(row["chance"], abs=0.4)


def test_a_linear_model_has_coefficients_and_trees_have_neither(explained):
    from sklearn.linear_model import LogisticRegression
    from sklearn.tree import DecisionTreeClassifier

    train = (explained.obs["split"] == "train").to_numpy()
    x, tissue = explained.layers["log2"][train], explained.obs["tissue"][train].astype(str)
    regression = LogisticRegression(max_iter=500).fit(x, tissue)
    tl.trust(explained, regression, checks=["explainers"])
    table = slots.table(explained, "trust", "explainers").set_index("method")
    assert table.index.tolist() == ["SHAP", "coefficients"]
    # The scores are sums, so their changes are those that the coefficients say.
    assert table.loc["coefficients", "infidelity"] < 1e-6
    assert table.loc["SHAP", "infidelity"] < 0.2
    tl.trust(explained, DecisionTreeClassifier(random_state=0).fit(x, tissue),
             checks=["explainers"])  # fmt: skip
    assert "neither a gradient nor coefficients" in _row(explained, "explainers")["reason"]
