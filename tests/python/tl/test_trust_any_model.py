"""The table of trust for models and attributions that were made elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shap
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tissueshap import adapters, tl
from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.adapters._sampled import n_draws_of
from tissueshap.explain import Explained, explanation
from tissueshap.model import Classifier
from tissueshap.trust import _bring

CHECKS = ["completeness", "repeat", "lists", "performance", "use", "specificity", "bootstrap"]


@pytest.fixture(scope="module")
def data(_prepared):
    """Training samples, their classes, and all samples of the toy."""
    train = (_prepared.obs["split"] == "train").to_numpy()
    x = np.asarray(_prepared.layers["log2"])
    return x[train], _prepared.obs["tissue"].astype(str).to_numpy()[train], x


@pytest.fixture(scope="module")
def regression(data):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(*data[:2])


@pytest.fixture(scope="module")
def forest(data):
    return RandomForestClassifier(60, random_state=1).fit(*data[:2])


def table(adata, key="trust"):
    return slots.table(adata, key, "summary")


def verdicts(adata):
    return table(adata).groupby("check")["verdict"].agg(set).to_dict()


def reasons(adata):
    rows = table(adata)
    return rows[rows["verdict"] == "not measured"].set_index("check")["reason"].to_dict()


def test_a_sound_regression_holds(prepared, regression):
    before = set(prepared.uns["tissueshap"])
    prepared.uns["shap_genes"] = {"of": "another explanation"}
    tl.trust(prepared, regression, n_boot=5)
    held = verdicts(prepared)
    for check in (*CHECKS, "coverage", "leak"):
        assert held[check] == {"holds"}, (
            check,
            table(prepared).set_index("check")["value"].to_dict(),
        )
    missing = reasons(prepared)
    assert "no layers of weights" in missing["randomisation"]
    assert "train=" in missing["seeds"]
    assert "explanation in adata" in missing["clusters"]
    # Nothing else is left behind.
    assert set(prepared.uns["tissueshap"]) == before | {"trust"}
    assert "shap" not in prepared.layers
    assert prepared.uns["shap_genes"] == {"of": "another explanation"}
    genes = prepared.uns["tissueshap"]["trust"]["genes"]
    assert (genes.groupby("class").size() == 10).all()
    params = prepared.uns["tissueshap"]["trust"]["params"]
    assert params["model"] == "estimator LogisticRegression"
    assert params["explained_by"] == "the exact terms of its linear scores"


def test_shuffled_labels_fail(prepared, data):
    x, y, _ = data
    wrong = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    wrong.fit(x, np.random.default_rng(1).permutation(y))
    tl.trust(prepared, wrong, checks=["performance", "specificity", "truth"])
    held = verdicts(prepared)
    assert "fails" in held["performance"]
    assert held["specificity"] == {"fails"}
    assert held["truth"] == {"fails"}


def test_a_forest_is_explained_by_treeshap(prepared, forest):
    tl.trust(prepared, forest, checks=CHECKS, n_boot=5)
    held = verdicts(prepared)
    for check in ("completeness", "performance", "use", "specificity"):
        assert held[check] == {"holds"}, check
    assert prepared.uns["tissueshap"]["trust"]["params"]["explained_by"] == "TreeSHAP"


@pytest.mark.slow
def test_any_other_estimator_is_explained_by_sampling(prepared, data):
    bayes = GaussianNB(var_smoothing=0.1).fit(*data[:2])
    tl.trust(prepared, bayes, checks=["completeness", "performance", "use"], n_samples=2)
    held = verdicts(prepared)
    assert held["use"] == {"holds"}
    assert "holds" in held["performance"]
    params = prepared.uns["tissueshap"]["trust"]["params"]
    assert params["explained_by"] == "sampled Shapley values"


def test_training_again_needs_a_function(prepared, regression):
    seeds = []

    def train(x, y, seed):
        seeds.append((seed, x.shape, len(set(y))))
        kept = np.random.default_rng(seed).random(len(x)) < 0.9
        return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(
            x[kept], y[kept]
        )

    checks = ["seeds", "folds", "order"]
    tl.trust(prepared, regression, checks=checks, train=train, n_seeds=1, n_folds=2)
    held = verdicts(prepared)
    assert held["seeds"] == {"holds"}
    assert held["folds"] <= {"holds", "fails"}
    assert "layouts" in reasons(prepared)["order"]
    assert [seed for seed, _, _ in seeds] == [43, 42, 42]
    assert seeds[0][1] == (140, 200)
    assert seeds[1][1][0] == 70
    assert {classes for _, _, classes in seeds} == {4}

    def train_adata(adata, seed):
        assert (adata.obs["split"] == "train").all()
        return train(adata.X, adata.obs["tissue"].astype(str).to_numpy(), seed)

    tl.trust(prepared, regression, checks=["seeds"], train=train_adata, n_seeds=1)
    assert verdicts(prepared)["seeds"] == {"holds"}


def test_a_function_of_ones_own_explains(prepared, forest):
    classes = list(forest.classes_)

    def explain(model, x, background, targets):
        """Put a gene of a class first if the samples have more of it than the background."""
        assert model is forest
        assert set(targets) <= set(range(len(classes)))
        return x - background.mean(axis=0)

    tl.trust(prepared, forest, checks=CHECKS, explain=explain, n_boot=3)
    held = verdicts(prepared)
    assert held["use"] == {"holds"}
    assert held["repeat"] == {"holds"}
    assert "explain=" in reasons(prepared)["completeness"]


def test_random_weights_are_explained_by_the_same_function(prepared, model):
    given = []

    def explain(classifier, x, background, targets):
        given.append(classifier)
        adapted = adapters.adapt(classifier)
        return explanation(adapted.explainer(background, n_draws=40), x, targets).values

    def regardless(classifier, x, background, targets):
        return x - background.mean(axis=0)

    checks = ["randomisation"]
    tl.trust(prepared, model, checks=checks, explain=explain)
    assert verdicts(prepared)["randomisation"] == {"holds"}
    assert all(isinstance(one, Classifier) for one in given)
    first = model.predict_proba(prepared.layers["log2"][:2])
    others = [one.predict_proba(prepared.layers["log2"][:2]) for one in given]
    assert any(np.array_equal(first, other) for other in others)
    assert any(not np.allclose(first, other) for other in others)
    tl.trust(prepared, model, checks=checks, explain=regardless)
    row = table(prepared).set_index("check").loc["randomisation"]
    assert (row["verdict"], row["value"]) == ("fails", pytest.approx(0, abs=1e-6))


def test_few_genes_are_drawn_more_often():
    assert [n_draws_of(number) for number in (20, 59, 200, 5000)] == [50, 42, 12, 10]


def test_sums_that_are_off_are_drawn_again(prepared, model, monkeypatch):
    # A way of explaining whose sums are right from 2,000 draws on.
    class Rough:
        output = "probability"

        def __init__(self, background, n_draws=None, **_):
            self.n_draws, self.base = n_draws, np.zeros(len(model.classes))

        def outputs(self, x):
            return np.ones((x.shape[0], len(model.classes)))

        def stream(self, x, targets, numbers=None):
            share = 1.0 if self.n_draws > 2000 else 0.8
            for row in range(len(targets)):
                values = np.zeros(x.shape[1])
                values[0] = share
                yield Explained(row, values, np.zeros_like(values), self.n_draws)

    rough = replace(adapters.adapt(model), explainer=Rough)
    tl.trust(prepared, rough, checks=["completeness"])
    assert verdicts(prepared)["completeness"] == {"holds"}
    monkeypatch.setattr(_bring, "_MORE", 1)
    tl.trust(prepared, rough, checks=["completeness"])
    assert verdicts(prepared)["completeness"] == {"fails"}


def of_regression(regression, x):
    """Return the values of the exact scores, samples x genes x classes."""
    scaler, last = regression[0], regression[-1]
    return scaler.transform(x)[:, :, None] * last.coef_.T[None]


def test_attributions_come_in_many_forms(prepared, regression, data):
    x = data[2]
    values = of_regression(regression, x)
    predicted = regression.predict_proba(x).argmax(axis=1)
    own = values[np.arange(len(x)), :, predicted]
    test = (prepared.obs["split"] == "test").to_numpy()
    prepared.layers["mine"] = own.astype(np.float32)
    frame = pd.DataFrame(own[test], prepared.obs_names[test], prepared.var_names)
    forms = {
        "classes": values,
        "held_out": values[test],
        "one_class": own,
        "layer": "mine",
        "frame": frame[frame.columns[::-1]],
        "list": [values[:, :, code] for code in range(4)],
    }
    results = {}
    for key, given in forms.items():
        tl.trust(
            prepared,
            regression,
            attributions=given,
            checks=["use", "bootstrap", "lists"],
            n_boot=2,
            key_added=key,
        )
        results[key] = table(prepared, key)["value"].to_numpy()
    for found in results.values():
        np.testing.assert_allclose(found, results["classes"], rtol=1e-5)


def test_attributions_of_shap_add_up(prepared, regression, data):
    x, _, every = data
    scaler, last = regression[0], regression[-1]
    explainer = shap.LinearExplainer(last, shap.maskers.Independent(scaler.transform(x), 200))
    explanation = explainer(scaler.transform(every))
    tl.trust(prepared, regression, attributions=explanation, checks=["completeness", "repeat"])
    rows = table(prepared).set_index("check")
    assert rows.loc["completeness", "value"] < 1e-4
    assert "explain=" in rows.loc["repeat", "reason"]
    # Values with a fault do not.
    explanation.values *= 1.3
    tl.trust(prepared, regression, attributions=explanation, checks=["completeness"])
    assert verdicts(prepared)["completeness"] == {"fails"}


def test_random_attributions_fail(prepared, regression, data):
    noise = np.random.default_rng(3).normal(size=data[2].shape)
    tl.trust(prepared, regression, attributions=noise, checks=CHECKS, n_boot=5)
    held = verdicts(prepared)
    assert "fails" in held["use"]
    assert held["bootstrap"] == {"fails"}
    assert held["specificity"] == {"fails"}
    assert held["performance"] == {"holds"}
    assert "base" in reasons(prepared)["completeness"]


def test_rankings_of_classes_and_published_lists(prepared, regression):
    weights = pd.DataFrame(regression[-1].coef_.T, prepared.var_names, regression.classes_)
    tl.trust(prepared, regression, attributions=weights, checks=CHECKS)
    held = verdicts(prepared)
    assert held["use"] == {"holds"}
    assert held["specificity"] == {"holds"}
    for check in ("completeness", "repeat", "lists", "bootstrap"):
        assert "not of samples" in reasons(prepared)[check]
    lists = {name: list(weights[name].nlargest(6).index) for name in weights}
    tl.trust(prepared, regression, attributions=lists, checks=["use"])
    row = table(prepared).set_index("check").loc["use"]
    assert row["verdict"] == "holds"
    assert row["value"] > 0.5
    random = np.random.default_rng(2).permutation(prepared.var_names)[:24].reshape(4, 6)
    drawn = dict(zip(lists, random.tolist(), strict=True))
    tl.trust(prepared, regression, attributions=drawn, checks=["use"])
    assert verdicts(prepared)["use"] == {"fails"}
    tl.trust(prepared, regression, attributions=weights, checks=["use"], n_top=200)
    assert "all 200 genes are selected" in reasons(prepared)["use"]
    tl.trust(prepared, None, attributions=lists, checks=["use", "specificity", "truth"])
    held = verdicts(prepared)
    assert held["specificity"] == {"holds"}
    assert "holds" in held["truth"]
    assert reasons(prepared)["use"] == "no model was passed"
    long = pd.concat(
        [pd.DataFrame({"Class": k, "Gene": v, "rank": range(len(v))}) for k, v in lists.items()]
    )
    tl.trust(prepared, None, attributions=long, checks=["specificity"], key_added="long")
    here, there = (
        table(prepared, key).set_index("check").loc["specificity", "value"]
        for key in ("trust", "long")
    )
    assert here == there


def test_what_does_not_fit_is_said(prepared, regression, data):
    with pytest.raises(DataError, match="attributions="):
        tl.trust(prepared, None)
    with pytest.raises(DataError, match="need the model"):
        tl.trust(prepared, None, attributions=data[2], train=lambda x, y, seed: None)
    with pytest.raises(DataError, match="classes="):
        tl.trust(prepared, adapters.adapt(lambda x: x[:, :4], genes=prepared.var_names))
    with pytest.raises(DataError, match="held out"):
        tl.trust(prepared, regression, attributions=np.zeros((7, 200)))
    with pytest.raises(DataError, match="genes, but the model has 200"):
        tl.trust(prepared, regression, attributions=np.zeros((180, 7)))
    with pytest.raises(DataError, match="not among"):
        tl.trust(prepared, regression, attributions={"Lung": ["G00001"]})
    with pytest.raises(DataError, match="none of the model's classes"):
        named = adapters.adapt(regression, genes=prepared.var_names, classes=list("abcd"))
        tl.trust(prepared, named)
    with pytest.raises(DataError, match="model must be"):
        tl.trust(prepared, 3)
