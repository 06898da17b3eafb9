"""The table of trust on a toy: a sound explanation holds, a spoiled one fails."""

import re
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

import tissueshap as ts
from tissueshap import tl
from tissueshap._core import provenance, slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.model import preset as model_preset
from tissueshap.model._backend import keras
from tissueshap.model._classifier import Classifier
from tissueshap.trust._checks._context import Context, Numbers
from tissueshap.trust._checks._declared import CHECKS, LEVELS
from tissueshap.trust._checks._networks import Networks


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
    table = slots.table(adata, "trust", "summary")
    return table.groupby("check")["verdict"].agg(set).to_dict()


def value(adata, check):
    table = slots.table(adata, "trust", "summary").set_index("check")
    return float(np.atleast_1d(table.loc[check, "value"])[0])


def test_quick_answers_every_question_or_says_why(explained, model, tmp_path):
    before = model.network.get_weights()
    tl.trust(explained, model, n_boot=5)
    record = explained.uns["tissueshap"]["trust"]
    table = record["summary"]
    assert tuple(dict.fromkeys(table["check"])) == tuple(CHECKS)
    skipped = table[table["verdict"] == "not measured"]
    assert set(skipped["check"]) <= {*CHECKS} - {*LEVELS["quick"]} | {
        "clusters",
        "cohort",
        "modules",
    }
    assert (skipped["reason"].str.len() > 10).all()
    held = verdicts(explained)
    sound = ("repeat", "lists", "coverage", "performance", "leak", "use", "randomisation")
    for check in (*sound, "specificity", "bootstrap"):
        assert held[check] == {"holds"}, check
    assert record["n_holds"] + record["n_fails"] + len(skipped) == len(table)
    for new, old in zip(model.network.get_weights(), before, strict=True):
        np.testing.assert_array_equal(new, old)
    explained.write_h5ad(tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    assert list(again.uns["tissueshap"]["trust"]["summary"]["verdict"]) == list(table["verdict"])


def test_a_quick_table_compares_the_networks_of_a_mean_and_trains_nothing(
    explained, model, monkeypatch
):
    def scores(self, check, others, **depends):
        raise AssertionError(f"{check} trains again")

    monkeypatch.setattr(Networks, "scores", scores)
    monkeypatch.setitem(LEVELS, "quick", ("repeat", "seeds", "modules"))
    tl.trust(explained, model, n_seeds=5)
    rows = slots.table(explained, "trust", "summary").set_index("check")
    assert (rows.loc["seeds", "verdict"] == "holds").all()
    n_models = int(model.history["model"].max())
    said = f"{n_models} networks of which this one is the mean, each with each"
    assert rows.loc["seeds", "reason"].str.startswith(said).all()
    pairs = slots.table(explained, "trust", "stability")
    pairs = pairs[pairs["check"] == "seeds"]
    assert len(pairs) == n_models * (n_models - 1) // 2 * len(model.classes)
    assert (pairs["first"] < pairs["second"]).all()
    index = slots.table(explained, "trust", "stability_index").query("check == 'seeds'")
    assert (index["n_sets"] == n_models).all()
    # Genes that do not vary together within the classes are their own modules.
    assert rows.loc["modules", "verdict"] in ("holds", "not measured")


def test_a_quick_table_of_a_single_network_says_what_trains_again(explained, monkeypatch):
    single = tl.cnn(explained, preset="small", epochs=2, n_models=1)
    tl.shap(explained, single, n_draws=10)
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=3)
    monkeypatch.setitem(LEVELS, "quick", ("seeds", "modules"))
    tl.trust(explained, single)
    rows = slots.table(explained, "trust", "summary").set_index("check")
    for check in ("seeds", "modules"):
        assert rows.loc[check, "verdict"] == "not measured"
        reason = f"a quick look trains nothing again: checks='full' or ['{check}'] does"
        assert rows.loc[check, "reason"] == reason
    trained = []

    def scores(self, check, others, **depends):
        trained.extend(other.seed for other in others)
        context = self._context
        return [context.ranked(context.values[context.few]) for _ in others]

    monkeypatch.setattr(Networks, "scores", scores)
    tl.trust(explained, single, checks=["seeds"], n_seeds=2)
    assert trained == [43, 44]


def test_a_quick_table_does_not_depend_on_how_long_anything_took(explained, model):
    tables = []
    for seconds in (1e-6, 1e6):
        timed = replace(model, history=model.history.assign(seconds=seconds))
        tl.trust(explained, timed, n_boot=2)
        tables.append(slots.table(explained, "trust", "summary"))
    pd.testing.assert_frame_equal(*tables)


def test_random_genes_do_not_mark_their_class(explained, model):
    frame = explained.varm["shap_median"]
    frame.loc[:, :] = np.random.default_rng(4).random(frame.shape)
    tl.trust(explained, model, checks=["specificity"])
    assert verdicts(explained)["specificity"] == {"fails"}
    table = explained.uns["tissueshap"]["trust"]["specificity"]
    assert list(table["class"]) == model.classes
    assert (table["n_test"] == 10).all()
    assert value(explained, "specificity") == pytest.approx(table["share"].mean())


def test_high_genes_of_a_ranking_are_compared_with_high_ones(prepared, model):
    x, tissue = prepared.layers["log2"], prepared.obs["tissue"].astype(str)
    high = {name: x[tissue == name].mean(axis=0) - x.mean(axis=0) for name in model.classes}
    lists = {name: list(prepared.var_names[np.argsort(-each)[:8]]) for name, each in high.items()}
    tl.trust(prepared, None, attributions=lists, checks=["specificity"], n_top=8)
    row = row_of(prepared, "specificity")
    assert row["verdict"] == "holds"
    assert (row["chance"], row["threshold"]) == pytest.approx((0.2, 0.6))
    assert "high genes among high ones" in row["reason"]


def test_few_genes_have_short_lists(prepared, model):
    few = prepared[:, model.genes[:48]].copy()
    table = pd.DataFrame(np.random.default_rng(1).random((48, 4)), few.var_names, model.classes)
    tl.trust(few, None, attributions=table, checks=["specificity"])
    genes = few.uns["tissueshap"]["trust"]["genes"]
    assert (genes.groupby("class").size() == 4).all()


def _forget_origins(adata):
    """Make all records those of an earlier version, which are taken as they are."""
    record = slots.record(adata)
    record.update({k: provenance.without_origin(e) for k, e in provenance.records(adata).items()})


def test_nothing_marks_a_class_without_held_out_samples(explained, model):
    explained.obs["split"] = explained.obs["split"].cat.rename_categories({"test": "unused"})
    _forget_origins(explained)
    tl.trust(explained, model, checks=["specificity"])
    row = slots.table(explained, "trust", "summary").set_index("check").loc["specificity"]
    assert row["verdict"] == "not measured"
    assert row["reason"] == "no sample is held out"


def test_networks_are_trained_again_with_settings_of_ones_own(explained, monkeypatch):
    own = replace(model_preset("small"), name="my own", epochs=1, min_steps=0, widths=(8,))
    model = tl.cnn(explained, preset=own)
    _forget_origins(explained)
    seen = []
    monkeypatch.setattr(
        "tissueshap.tl._trust.cnn",
        lambda adata, label, **how: seen.append(how) or model,
    )
    tl.trust(explained, model, checks=["seeds"], n_seeds=1)
    assert seen[0]["preset"] == own


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


def row_of(adata, check):
    """Return the only row of a check."""
    return slots.table(adata, "trust", "summary").set_index("check").loc[check]


def explained_rows(adata):
    return np.flatnonzero(~np.isnan(adata.layers["shap"]).any(axis=1))


def test_values_that_do_not_add_up_fail_whatever_the_record_says(explained, model):
    rows = explained_rows(explained)
    noise = np.random.default_rng(3).normal(size=(rows.size, explained.n_vars))
    explained.layers["shap"][rows] += 0.05 * noise
    tl.trust(explained, model, checks=["completeness"])
    row = row_of(explained, "completeness")
    assert row["verdict"] == "fails"
    assert row["value"] > 0.1


def test_values_of_another_order_of_the_genes_are_not_given_again(explained, model):
    rows = explained_rows(explained)
    order = np.random.default_rng(5).permutation(explained.n_vars)
    explained.layers["shap"][rows] = explained.layers["shap"][rows][:, order]
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    tl.trust(explained, model, checks=["repeat", "lists", "completeness", "randomisation"])
    held = verdicts(explained)
    assert held["repeat"] == {"fails"}
    assert held["randomisation"] == {"fails"}
    # The lists are those of the layer, and the sums are what they were.
    assert held["lists"] == {"holds"}
    assert value(explained, "completeness") < 0.1


def test_values_that_any_weights_give_fail(explained, model):
    rows = explained_rows(explained)
    x = explained.layers["log2"]
    explained.layers["shap"][rows] = np.abs(x[rows] - x.mean(axis=0))
    tl.rank_genes(explained)
    tl.trust(explained, model, checks=["randomisation"])
    assert verdicts(explained)["randomisation"] == {"fails"}
    sides = explained.uns["tissueshap"]["trust"]["randomisation"]["side"]
    assert set(sides) == {"none", "output", "input"}


@pytest.mark.parametrize("where", ["mask", "table"])
def test_a_list_whose_second_half_is_random_fails(explained, model, where):
    rng = np.random.default_rng(6)
    if where == "mask":
        selected = np.flatnonzero(explained.var["shap_selected"])
        others = np.flatnonzero(~explained.var["shap_selected"])
        half = selected.size // 2
        explained.var.iloc[selected[half:], explained.var.columns.get_loc("shap_selected")] = False
        random = rng.choice(others, selected.size - half, replace=False)
        explained.var.iloc[random, explained.var.columns.get_loc("shap_selected")] = True
    else:
        table = explained.uns["tissueshap"]["select_genes"]["genes"]
        last = table["rank"] > table["rank"].max() // 2
        table["gene"] = table["gene"].astype(object)
        table.loc[last, "gene"] = rng.choice(explained.var_names, last.sum())
    tl.trust(explained, model, checks=["lists"])
    row = row_of(explained, "lists")
    assert row["verdict"] == "fails"
    assert row["value"] < 0.8


def test_a_class_of_one_explained_sample_is_not_covered(explained, model):
    table = explained.uns["tissueshap"]["shap"]["samples"]
    lone = table["explained"].astype(str).iloc[0]
    few = table[(table["explained"].astype(str) != lone) | ~table["explained"].duplicated()]
    explained.uns["tissueshap"]["shap"]["samples"] = few.reset_index(drop=True)
    tl.trust(explained, model, checks=["coverage", "bootstrap"], n_boot=2)
    row = row_of(explained, "coverage")
    assert row["verdict"] == "fails"
    assert lone in row["reason"]
    explained.uns["tissueshap"]["shap"]["samples"] = table.groupby("explained").head(2)
    tl.trust(explained, model, checks=["bootstrap"])
    row = row_of(explained, "bootstrap")
    assert row["verdict"] == "not measured"
    assert row["reason"] == "no class has 3 explained samples"


def test_permuted_labels_are_not_predicted_and_one_class_of_two_names_is_not_apart(
    explained, model
):
    test = np.flatnonzero(explained.obs["split"] == "test")
    label = explained.uns["tissueshap"]["label"]
    own = explained.obs[label].astype(str).to_numpy(dtype=object).copy()
    first, second = model.classes[:2]
    mixed = own.copy()
    two = test[np.isin(own[test], [first, second])]
    mixed[two] = np.where(np.arange(two.size) % 2, first, second)
    explained.obs[label] = pd.Categorical(mixed)
    _forget_origins(explained)
    unknown = replace(model, trained_on=None)
    tl.trust(explained, unknown, checks=["performance"])
    rows = slots.table(explained, "trust", "summary")
    rows = rows[rows["check"] == "performance"]
    assert rows["verdict"].tolist() == ["holds", "fails"]
    assert f"{first} and {second}" in rows["reason"].iloc[1]
    mixed[test] = np.random.default_rng(8).permutation(own[test])
    explained.obs[label] = pd.Categorical(mixed)
    _forget_origins(explained)
    tl.trust(explained, unknown, checks=["performance"])
    rows = slots.table(explained, "trust", "summary")
    assert set(rows[rows["check"] == "performance"]["verdict"]) == {"fails"}


def test_copies_of_training_samples_are_no_held_out_samples(explained, model):
    test, train = (np.flatnonzero(explained.obs["split"] == name) for name in ("test", "train"))
    tl.trust(explained, model, checks=["leak"])
    assert value(explained, "leak") == 0
    explained.layers["log2"][test[:5]] = explained.layers["log2"][train[:5]]
    _forget_origins(explained)
    tl.trust(explained, model, checks=["leak"])
    row = row_of(explained, "leak")
    assert row["verdict"] == "fails"
    assert row["value"] == pytest.approx(5 / test.size)


def test_a_batch_that_goes_with_the_class_fails(explained, model):
    label = explained.uns["tissueshap"]["label"]
    codes = explained.obs[label].cat.codes.to_numpy()
    explained.obs["run"] = np.char.add("run ", codes.astype(str))
    explained.obs["machine"] = np.random.default_rng(9).integers(0, 3, explained.n_obs)
    explained.obs["organ"] = explained.obs[label].astype(str) + " tissue"
    tl.trust(explained, model, checks=["confounding"])
    table = explained.uns["tissueshap"]["trust"]["confounding"].set_index("column")["cramers_v"]
    assert table["run"] == pytest.approx(1)
    assert table["machine"] < 0.3
    assert "organ" not in table  # another name of the class
    row = row_of(explained, "confounding")
    assert row["verdict"] == "fails"
    assert "run" in row["reason"]
    tl.trust(explained, model, checks=["confounding"], confounders=["machine"])
    assert row_of(explained, "confounding")["verdict"] == "holds"
    with pytest.raises(DataError, match="nonsense"):
        tl.trust(explained, model, checks=["confounding"], confounders=["nonsense"])


def test_a_model_that_ignores_its_input_holds_nothing(explained, model):
    network = keras().models.clone_model(model.network)
    network.set_weights(model.network.get_weights())
    for layer in network.layers:  # of each network of the average
        if layer.name.startswith("logits_of"):
            layer.kernel.assign(np.zeros(layer.kernel.shape))
    deaf = Classifier(network, model.classes, model.genes, model.preset, model.history)
    tl.shap(explained, deaf, samples="test", n_draws=20)
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    checks = ["completeness", "use", "randomisation", "bootstrap"]
    tl.trust(explained, deaf, checks=checks, n_boot=2)
    table = slots.table(explained, "trust", "summary").set_index("check")
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
    record = explained.uns["tissueshap"]["null_test"]
    # Random genes cluster these classes perfectly, which says nothing of the selected ones.
    record["null"]["v_measure"] *= 0.9
    tl.trust(explained, model, checks=["clusters"])
    row = slots.table(explained, "trust", "summary").set_index("check").loc["clusters"]
    assert row["value"] == record["observed"]
    assert row["chance"] == record["null_mean"]


@pytest.mark.parametrize("n_sets", [18, 19, 40])
def test_clusters_follow_the_empirical_p_value(explained, model, n_sets):
    tl.null_test(explained, n_sets=19, n_starts=2, on="expression")
    record = explained.uns["tissueshap"]["null_test"]
    null = np.linspace(0.1, 0.9, n_sets)
    for observed in (0.95, 0.9, float(null[-2])):
        reached = int((null >= observed).sum())
        pvalue = (1 + reached) / (1 + n_sets)
        record["null"] = pd.DataFrame({"v_measure": null})
        record.update(observed=observed, null_mean=null.mean(), empirical_pvalue=pvalue)
        tl.trust(explained, model, checks=["clusters"])
        row = row_of(explained, "clusters")
        expected = "not measured" if n_sets < 19 else "holds" if pvalue <= 0.05 else "fails"
        assert row["verdict"] == expected
        assert "n_sets=19" in row["reason"] or n_sets >= 19


def test_random_sets_that_are_all_perfect_are_not_exceeded(explained, model):
    tl.null_test(explained, n_sets=19, n_starts=2, on="expression")
    record = explained.uns["tissueshap"]["null_test"]
    record["null"] = pd.DataFrame({"v_measure": np.ones(19)})
    for observed, verdict in ((1.0, "not measured"), (0.9, "fails")):
        record.update(observed=observed, null_mean=1.0, empirical_pvalue=1.0)
        tl.trust(explained, model, checks=["clusters"])
        assert row_of(explained, "clusters")["verdict"] == verdict


def test_more_genes_than_planted_may_still_be_right(explained, model):
    truth = explained.uns["truth"]
    explained.uns["truth"] = truth[truth["kind"] == "exclusive"].groupby("class").head(1)
    explained.uns["tissueshap"]["select_genes"]["n_ranks"] = 4
    tl.trust(explained, model, checks=["truth"])
    rows = slots.table(explained, "trust", "summary")
    row = rows[rows["check"] == "truth"].iloc[0]
    n_selected, n_planted = (int(word) for word in re.findall(r"\d+", row["reason"]))
    assert row["threshold"] == pytest.approx(0.8 * n_planted / n_selected)


def test_another_cohort_is_read_from_stability(explained, model):
    tl.trust(explained, model, checks=["cohort"])
    row = slots.table(explained, "trust", "summary").set_index("check").loc["cohort"]
    assert row["verdict"] == "not measured"
    assert "tl.stability" in row["reason"]
    tl.stability(explained, explained.copy(), n_top=5)
    tl.trust(explained, model, checks=["cohort"])
    rows = slots.table(explained, "trust", "summary").set_index("check").loc["cohort"]
    # The same ranks agree in all.
    np.testing.assert_allclose(rows["value"], 1)
    assert (rows["verdict"] == "holds").all()
    assert (rows["chance"] < 0.2).all()


def test_nothing_is_said_where_all_genes_are_selected(explained, model):
    tl.select_genes(explained, method="top_n", n_top=explained.n_vars)
    tl.trust(explained, model, checks=["bootstrap"], n_boot=2)
    row = slots.table(explained, "trust", "summary").set_index("check").loc["bootstrap"]
    assert row["verdict"] == "not measured"
    assert "all" in row["reason"]


def test_draws_are_compared_with_draws_and_single_samples_with_nothing(explained, model):
    table = explained.uns["tissueshap"]["shap"]["samples"]
    lone, kept = table["explained"].astype(str).unique()[:2]
    is_lone = table["explained"].astype(str) == lone
    few = pd.concat([table[is_lone].head(1), table[~is_lone]], ignore_index=True)
    explained.uns["tissueshap"]["shap"]["samples"] = few
    tl.trust(explained, model, checks=["bootstrap"], n_boot=3)
    record = explained.uns["tissueshap"]["trust"]
    pairs = record["stability"]
    assert set(zip(pairs["first"], pairs["second"], strict=True)) == {(1, 2), (3, 4), (5, 6)}
    assert kept in set(pairs["class"])
    assert lone not in set(pairs["class"])
    reason = record["summary"].set_index("check").loc["bootstrap", "reason"]
    assert all("1 classes with fewer than 3" in words for words in reason)


def test_networks_are_looked_at_with_what_ranked_the_genes(explained, model):
    tl.rank_genes(explained, statistic="mean_abs")
    numbers = Numbers(2, 1, 2, 1, 2, "samples", "log2", 42)
    context = Context(explained, model, explained.uns["tissueshap"]["label"], numbers)
    found = context.ranked(context.values[context.few])
    assert (found >= 0).all()
    members = context.values[context.few][context.targets[context.few] == 0]
    np.testing.assert_allclose(found[:, 0], np.abs(members).mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize("background", ["others", "kmeans"])
def test_networks_are_explained_against_the_same_background(explained, model, background):
    tl.shap(explained, model, background=background, n_centres=4, n_draws=60)
    tl.rank_genes(explained)
    numbers = Numbers(2, 1, 2, 1, 2, "samples", "log2", 42)
    context = Context(explained, model, explained.uns["tissueshap"]["label"], numbers)
    held = context.background()
    assert (held.groups is not None) == (background == "others")
    assert held.shape[0] == (4 if background == "kmeans" else context.train.size)
    # Two explanations of the same network by as many draws: alike, or one was against others.
    given, again = context.values[context.few], context.explain(context.model)
    assert np.abs(again - given).mean() < 0.2 * np.abs(given).mean()


def classes_of(adata):
    return adata.uns["tissueshap"]["trust"]["classes"].set_index("class")


def test_each_class_has_a_sentence_that_the_tables_bear_out(explained, model):
    tl.trust(explained, model, checks=["bootstrap", "specificity", "performance"], n_boot=5)
    record = explained.uns["tissueshap"]["trust"]
    classes = classes_of(explained)
    assert list(classes.index) == model.classes
    assert classes["readable"].all()
    pairs = record["stability"].assign(share=lambda t: 2 * t["jaccard"] / (1 + t["jaccard"]))
    ranks = record["ranks"].set_index("class")
    for name, row in classes.iterrows():
        shared = pairs.loc[pairs["class"] == name, "share"].mean()
        assert row["n_again"] == round(shared * row["n_genes"])
        assert row["again_low"] <= row["n_again"] <= row["again_high"]
        assert row["n_ordered"] == ranks.loc[name, "n_ordered"]
        assert row["within"] >= row["n_genes"]
        low, high = int(row["again_low"]), int(row["again_high"])
        assert row["sentence"].startswith(
            f"{name}: {row['n_genes']} genes, of which {int(row['n_again'])} [{low}, {high}] "
            "recur with other explained samples; "
        )
    index = record["stability_index"].set_index("class")
    assert (index["n_sets"] == 10).all()
    assert (index["low"] <= index["nogueira"]).all()
    assert (index["nogueira"] <= index["high"]).all()
    np.testing.assert_allclose(index["kuncheva"], index["nogueira"])


def test_a_failed_check_and_a_confused_class_are_in_the_sentences(explained, model):
    explained.layers["shap"][explained_rows(explained)] *= -1
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    tl.trust(explained, model, checks=["repeat", "lists"])
    classes = classes_of(explained)
    assert not classes["readable"].any()
    assert classes["sentence"].str.endswith("the table fails for all classes (repeat).").all()


def test_classes_whose_genes_do_not_stand_out_or_have_too_few_samples_are_not_read(
    explained, model
):
    table = explained.uns["tissueshap"]["shap"]["samples"]
    lone = table["explained"].astype(str).iloc[0]
    few = table[(table["explained"].astype(str) != lone) | ~table["explained"].duplicated()]
    explained.uns["tissueshap"]["shap"]["samples"] = few.reset_index(drop=True)
    frame = explained.varm["shap_median"]
    frame.loc[:, :] = np.random.default_rng(4).random(frame.shape)
    tl.trust(explained, model, checks=["specificity"])
    sentences = classes_of(explained)["sentence"]
    assert sentences[lone] == f"{lone}: do not interpret its genes: 1 explained samples."
    others = sentences.drop(lone)
    assert others.str.contains("do not interpret single genes: ").any()
    assert others.str.contains("stand out in it on held-out samples").any()


@pytest.mark.slow
def test_networks_trained_again_leave_no_trace(explained, model):
    columns, keys = list(explained.obs), set(explained.uns["tissueshap"])
    tl.trust(explained, model, checks=["seeds", "order"], n_seeds=1)
    assert list(explained.obs) == columns
    assert set(explained.uns["tissueshap"]) == keys | {"trust"}
    assert 0 < value(explained, "seeds") <= 1
    row = slots.table(explained, "trust", "summary").set_index("check").loc["order"]
    assert row["verdict"] == "not measured"
    assert "no layer" in row["reason"]


@pytest.mark.slow
def test_folds_methods_and_the_order_of_an_image(explained):
    model = tl.cnn(explained, preset="small", arch="cnn", epochs=2)
    tl.shap(explained, model, target="true", samples="test", n_draws=40)
    tl.rank_genes(explained)
    tl.select_genes(explained, method="top_n", n_top=6)
    checks = ["seeds", "folds", "order", "methods", "use"]
    tl.trust(explained, model, checks=checks, n_seeds=1, n_folds=2)
    record = explained.uns["tissueshap"]["trust"]
    assert set(record["stability"]["check"]) == {"seeds", "folds", "order"}
    # A layout is held to what another seed gives.
    rows = record["summary"].set_index(["check", "measure"])
    measures = list(rows.loc["order"].index)
    np.testing.assert_allclose(
        rows.loc["order"].loc[measures, "threshold"],
        rows.loc["seeds"].loc[measures, "value"] - 0.05,
    )
    assert {"logistic regression", "TreeSHAP", "SHAP"} == set(record["methods"]["method"])
    assert "random" in set(record["probes"]["method"])
    assert value(explained, "folds") > 0
    assert 0 <= value(explained, "order") <= 1
    orders = record["stability"].query("check == 'order'")
    # This network, and one for each of the three other layouts.
    assert set(orders["second"]) | set(orders["first"]) == {0, 1, 2, 3}


def test_wrong_arguments_say_what_is_right(explained, model):
    with pytest.raises(DataError, match="checks must be 'quick', 'full' or a list of names"):
        tl.trust(explained, model, checks="some")
    with pytest.raises(DataError, match="nonsense"):
        tl.trust(explained, model, checks=["nonsense"])
    with pytest.raises(DataError, match="n_random must be .* not 1"):
        tl.trust(explained, model, n_random=1)
    with pytest.raises(DataError, match="replacement"):
        tl.trust(explained, model, replacement="zero")
    del explained.layers["shap"], explained.uns["tissueshap"]["shap"]
    with pytest.raises(MissingSlotError, match="shap"):
        tl.trust(explained, model)


def test_the_layer_is_the_models_own() -> None:
    adata = ts.datasets.simulate(90, 40, tissues=["Heart", "Liver", "Lung"])
    total = adata.X.sum(axis=1, keepdims=True)
    adata.layers["mine"] = np.log1p(adata.X / total * 1e4).astype(np.float32)
    ts.pp.split(adata, "tissue", n_test=8)
    model = ts.tl.cnn(adata, layer="mine", arch="mlp", epochs=20)
    ts.tl.shap(adata, model, samples="test", n_draws=10)
    ts.tl.rank_genes(adata)
    ts.tl.select_genes(adata, method="top_n", n_top=3)
    ts.tl.trust(adata, model, checks=["completeness", "use"])
    assert adata.uns["tissueshap"]["trust"]["params"]["layer"] == "mine"
    for name in (None, "Heart"):
        assert ts.pl.shap(adata, name).axes
