"""The table of trust on a toy: a sound explanation holds, a spoiled one fails."""

import anndata as ad
import numpy as np
import pytest

from tissueshap import _slots, tl
from tissueshap._errors import DataError, MissingSlotError
from tissueshap.model._backend import keras
from tissueshap.model._classifier import Classifier
from tissueshap.tl._trust import FULL, QUICK


@pytest.fixture(scope="module")
def _explained(_learned):
    adata, model = _learned[0].copy(), _learned[1]
    tl.shap(adata, model, n_draws=60)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="elbow")
    return adata


@pytest.fixture
def explained(_explained):
    """The toy after ``tl.select_genes``."""
    return _explained.copy()


def verdicts(adata):
    table = _slots.table(adata, "trust", "summary")
    return table.groupby("check")["verdict"].agg(set).to_dict()


def value(adata, check):
    table = _slots.table(adata, "trust", "summary").set_index("check")
    return float(np.atleast_1d(table.loc[check, "value"])[0])


def test_quick_answers_every_question_or_says_why(explained, model, tmp_path):
    before = model.network.get_weights()
    tl.trust(explained, model, n_boot=5)
    record = explained.uns["tissueshap"]["trust"]
    table = record["summary"]
    assert tuple(dict.fromkeys(table["check"])) == FULL
    skipped = table[table["verdict"] == "not measured"]
    assert set(skipped["check"]) == {*FULL} - {*QUICK} | {"clusters", "cohort"}
    assert (skipped["reason"].str.len() > 10).all()
    held = verdicts(explained)
    for check in ("use", "randomisation", "bootstrap"):
        assert held[check] == {"holds"}, check
    assert record["n_holds"] + record["n_fails"] + len(skipped) == len(table)
    for new, old in zip(model.network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)
    explained.write_h5ad(tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    assert list(again.uns["tissueshap"]["trust"]["summary"]["verdict"]) == list(table["verdict"])


def test_the_same_seed_gives_the_same_table(explained, model):
    for name in ("one", "two"):
        tl.trust(explained, model, checks=["use", "bootstrap"], n_boot=3, key_added=name)
    one, two = (explained.uns["tissueshap"][name]["summary"] for name in ("one", "two"))
    np.testing.assert_allclose(one["value"], two["value"], rtol=1e-5)


def test_shuffled_values_fail(explained, model):
    rng = np.random.default_rng(1)
    layer = explained.layers["shap"]
    for row in np.flatnonzero(~np.isnan(layer).any(axis=1)):
        layer[row] = rng.permutation(layer[row])
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    tl.trust(explained, model, checks=["completeness", "use", "bootstrap", "truth"], n_boot=5)
    held = verdicts(explained)
    assert "fails" in held["use"]
    assert held["bootstrap"] == {"fails"}
    assert held["truth"] == {"fails"}
    # Their sum is what it was: adding up alone says nothing.
    assert value(explained, "completeness") < 0.1


def test_a_model_that_ignores_its_input_holds_nothing(explained, model):
    network = keras().models.clone_model(model.network)
    network.set_weights(model.network.get_weights())
    network.get_layer("logits").kernel.assign(np.zeros(network.get_layer("logits").kernel.shape))
    deaf = Classifier(network, model.classes, model.genes, model.preset, model.history)
    tl.shap(explained, deaf, samples="test", n_draws=20)
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    checks = ["completeness", "use", "randomisation", "bootstrap"]
    tl.trust(explained, deaf, checks=checks, n_boot=2)
    table = _slots.table(explained, "trust", "summary").set_index("check")
    assert not (table.loc[checks, "verdict"] == "holds").any()
    assert table.loc["use", "verdict"] == "fails"


def test_truth_of_a_perfect_selection_holds(explained, model):
    truth = explained.uns["truth"]
    truth = truth[truth["kind"] == "exclusive"]
    frame = explained.varm["shap_median"]
    frame.loc[:, :] = 0.001 * np.random.default_rng(2).random(frame.shape)
    for gene, name in zip(truth["gene"], truth["class"], strict=True):
        frame.loc[gene, name.replace("/", "|")] = 1.0
    explained.uns["tissueshap"]["select_genes"]["n_ranks"] = 6
    tl.trust(explained, model, checks=["truth"])
    assert verdicts(explained)["truth"] == {"holds"}
    assert value(explained, "truth") == 1


def test_clusters_are_read_from_the_null_test(explained, model):
    tl.null_test(explained, n_sets=19, n_starts=2, on="expression")
    tl.trust(explained, model, checks=["clusters"])
    row = _slots.table(explained, "trust", "summary").set_index("check").loc["clusters"]
    record = explained.uns["tissueshap"]["null_test"]
    assert row["value"] == record["observed"]
    assert row["chance"] == record["null_mean"]


def test_another_cohort_is_read_from_stability(explained, model):
    tl.trust(explained, model, checks=["cohort"])
    row = _slots.table(explained, "trust", "summary").set_index("check").loc["cohort"]
    assert row["verdict"] == "not measured"
    assert "tl.stability" in row["reason"]
    tl.stability(explained, explained.copy(), n_top=5)
    tl.trust(explained, model, checks=["cohort"])
    rows = _slots.table(explained, "trust", "summary").set_index("check").loc["cohort"]
    # The same ranks agree in all.
    np.testing.assert_allclose(rows["value"], 1)
    assert (rows["verdict"] == "holds").all()
    assert (rows["chance"] < 0.2).all()


@pytest.mark.slow
def test_networks_trained_again_leave_no_trace(explained, model):
    columns, keys = list(explained.obs), set(explained.uns["tissueshap"])
    tl.trust(explained, model, checks=["seeds", "order"], n_seeds=1)
    assert list(explained.obs) == columns
    assert set(explained.uns["tissueshap"]) == keys | {"trust"}
    assert 0 < value(explained, "seeds") <= 1
    row = _slots.table(explained, "trust", "summary").set_index("check").loc["order"]
    assert row["verdict"] == "not measured"
    assert "no layer" in row["reason"]


@pytest.mark.slow
def test_folds_methods_and_the_order_of_an_image(explained):
    model = tl.cnn(explained, preset="small", arch="cnn", epochs=2)
    tl.shap(explained, model, target="true", samples="test", n_draws=40)
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    tl.trust(explained, model, checks=["folds", "order", "methods", "use"], n_folds=2)
    record = explained.uns["tissueshap"]["trust"]
    assert set(record["stability"]["check"]) == {"folds", "order"}
    assert {"logistic regression", "TreeSHAP", "SHAP"} == set(record["methods"]["method"])
    assert "random" in set(record["probes"]["method"])
    assert value(explained, "folds") > 0
    assert 0 <= value(explained, "order") <= 1
    orders = record["stability"].query("check == 'order'")
    # This network, and one for each of the three other layouts.
    assert set(orders["second"]) | set(orders["first"]) == {0, 1, 2, 3}


def test_wrong_arguments_say_what_is_right(explained, model):
    with pytest.raises(DataError, match="'quick', 'full'"):
        tl.trust(explained, model, checks="some")
    with pytest.raises(DataError, match="nonsense"):
        tl.trust(explained, model, checks=["nonsense"])
    with pytest.raises(DataError, match="n_random=1"):
        tl.trust(explained, model, n_random=1)
    with pytest.raises(DataError, match="replacement"):
        tl.trust(explained, model, replacement="zero")
    del explained.layers["shap"], explained.uns["tissueshap"]["shap"]
    with pytest.raises(MissingSlotError, match="shap"):
        tl.trust(explained, model)
