from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots
from tissueshap._core.checkpoints import Store, keeping
from tissueshap._core.errors import DataError
from tissueshap.explain import Explainer, Values, _blocks, expected_gradients
from tissueshap.io import read_h5ad, write_h5ad
from tissueshap.tl import rank_genes, select_genes, shap


@pytest.fixture(scope="session")
def _explained(_learned):
    adata, model = _learned
    return shap(adata, model, n_draws=200, copy=True)


@pytest.fixture
def explained(_explained) -> ad.AnnData:
    """The toy with the values of its correctly predicted test samples."""
    return _explained.copy()


def _table(adata):
    return adata.uns["tissueshap"]["shap"]["samples"]


def test_correct_test_samples_are_explained_and_no_others(explained, model):
    rows = ~np.isnan(explained.layers["shap"]).any(axis=1)
    named = np.asarray(model.classes)[model.predict_proba(explained.layers["log2"]).argmax(axis=1)]
    true = explained.obs["tissue"].astype(str).to_numpy()
    expected = (explained.obs["split"] == "test").to_numpy() & (named == true)
    np.testing.assert_array_equal(rows, expected)
    assert np.isnan(explained.layers["shap"][~rows]).all()
    assert explained.layers["shap"].dtype == np.float32
    table = _table(explained)
    assert table["sample"].tolist() == explained.obs_names[rows].tolist()
    assert table["explained"].tolist() == true[rows].tolist()


def test_values_are_those_of_the_engine(explained, model):
    table = _table(explained)
    rows = explained.obs_names.get_indexer(table["sample"])
    log2 = explained.layers["log2"]
    targets = np.array([model.classes.index(name) for name in table["explained"]])
    found = expected_gradients(
        model.network, log2[rows], log2[explained.obs["split"] == "train"], targets
    )
    np.testing.assert_allclose(explained.layers["shap"][rows], found.values, atol=1e-6)
    for column in ("output", "base", "completeness", "relative_error"):
        np.testing.assert_allclose(table[column], getattr(found, column), rtol=1e-3, atol=1e-6)


def test_outputs_bases_and_sums_are_what_they_say(explained, model):
    table = _table(explained)
    rows = explained.obs_names.get_indexer(table["sample"])
    proba = model.predict_proba(explained.layers["log2"])
    codes = [model.classes.index(name) for name in table["explained"]]
    np.testing.assert_allclose(table["output"], proba[rows, codes], rtol=1e-5)
    train = (explained.obs["split"] == "train").to_numpy()
    np.testing.assert_allclose(table["base"], proba[train].mean(axis=0)[codes], rtol=1e-4)
    total = explained.layers["shap"][rows].sum(axis=1)
    change = table["output"] - table["base"]
    np.testing.assert_allclose(table["completeness"], np.abs(total / change - 1), atol=1e-4)
    assert table["completeness"].median() < 0.05


def test_the_planted_genes_come_out(explained):
    rank_genes(explained)
    select_genes(explained, method="top_n", n_top=6)
    genes = explained.uns["tissueshap"]["select_genes"]["genes"]
    truth = explained.uns["truth"]
    pairs = set(zip(truth["class"], truth["gene"], strict=True))
    found = [pair in pairs for pair in zip(genes["class"], genes["gene"], strict=True)]
    assert np.mean(found) > 0.9


@pytest.mark.parametrize(("samples", "number"), [("test", 40), ("all", 180)])
def test_other_samples_can_be_explained(learned, model, samples, number):
    shap(learned, model, samples=samples, n_draws=4)
    assert len(_table(learned)) == number


def test_other_classes_and_logits_can_be_explained(learned, model):
    shap(learned, model, target="Liver", samples="test", output="logit", n_draws=4)
    table = _table(learned)
    assert set(table["explained"]) == {"Liver"}
    rows = learned.obs_names.get_indexer(table["sample"])
    logits = np.log(model.predict_proba(learned.layers["log2"][rows]))
    shift = table["output"].to_numpy() - logits[:, model.classes.index("Liver")]
    assert shift.std() > 0  # a logit is the log probability up to a constant of the sample
    shap(learned, model, target="true", samples="test", n_draws=4)
    true = learned.obs.loc[_table(learned)["sample"], "tissue"].astype(str)
    assert _table(learned)["explained"].tolist() == true.tolist()


def test_a_background_can_be_given(learned, model):
    given = learned.layers["log2"][:20]
    shap(learned, model, background=given, n_draws=4)
    record = learned.uns["tissueshap"]["shap"]
    assert (record["params"]["background"], record["params"]["n_background"]) == ("matrix", 20)
    base = model.predict_proba(given).mean(axis=0)
    codes = [model.classes.index(name) for name in _table(learned)["explained"]]
    np.testing.assert_allclose(_table(learned)["base"], base[codes], rtol=1e-4)


def test_genes_are_aligned_by_name_and_others_stay_nan(learned, model, explained):
    more = learned[:, :5].copy()
    more.var_names = [f"extra{number}" for number in range(5)]
    moved = learned[:, np.random.default_rng(0).permutation(learned.n_vars)]
    wide = ad.concat([more, moved], axis=1, merge="same", uns_merge="same")
    shap(wide, model, "tissue")
    assert np.isnan(wide.layers["shap"][:, :5]).all()
    back = wide[:, learned.var_names].layers["shap"]
    np.testing.assert_allclose(back, explained.layers["shap"], atol=1e-5)


def test_an_interruption_keeps_what_is_done(learned, model, explained, monkeypatch):
    stream = Explainer.stream

    def interrupted(self, x, targets, numbers=None, **how):
        for found in stream(self, x, targets, numbers, **how):
            if found.number == 7:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(Explainer, "stream", interrupted)
    with pytest.raises(KeyboardInterrupt, match="7 of"):
        shap(learned, model)
    assert len(_table(learned)) == 7
    rows = learned.obs_names.get_indexer(_table(learned)["sample"])
    expected = explained.layers["shap"][rows]
    np.testing.assert_allclose(learned.layers["shap"][rows], expected, atol=1e-5)
    assert (~np.isnan(learned.layers["shap"]).all(axis=1)).sum() == 7


def test_it_survives_a_file(explained, tmp_path):
    rank_genes(explained)
    select_genes(explained)
    write_h5ad(explained, tmp_path / "a.h5ad")
    back = read_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(back.layers["shap"], explained.layers["shap"])
    names = slots.class_names(explained)
    for key in ("shap_median", "shap_rank"):
        frames = [slots.class_frame(a, "varm", key, names) for a in (back, explained)]
        np.testing.assert_array_equal(*frames)
    assert list(_table(back)["explained"]) == list(_table(explained)["explained"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "Kidney"}, "target must be .* not 'Kidney'"),
        ({"samples": "some"}, "samples must be .* not 'some'"),
        ({"background": "zeros"}, "background must be .*'others'"),
        ({"background": np.zeros((3, 4))}, "samples x 200 genes"),
    ],
)
def test_wrong_options_are_named(learned, model, options, message):
    with pytest.raises(DataError, match=message):
        shap(learned, model, **options)


def test_nothing_to_explain_is_an_error(learned, model):
    learned.obs_names = [f"other {name}" for name in learned.obs_names]
    learned.obs["split"] = "train"
    with pytest.raises(DataError, match="leaves no sample to explain"):
        shap(learned, model)


@pytest.mark.parametrize(
    ("how", "n_blocks"),
    [
        ({}, 5),  # three samples a pass, nine a block
        ({"target": "all"}, 3),
        ({"target": "all", "class_layers": True}, 3),
        ({"tolerance": 0.3, "n_draws": 100}, 5),
    ],
    ids=["own", "all", "layers", "tolerance"],
)
def test_a_stopped_explanation_continues_to_the_same_values(
    learned, model, tmp_path, monkeypatch, how, n_blocks
):
    adata = learned
    options = {"n_draws": 20, "batch_size": 60, "samples": "test", **how}
    whole = shap(adata, model, copy=True, **options)
    starts, explain, keep = [], _blocks.explained, Values._keep

    def explained(*words):
        starts.append(words[-1][0])
        return explain(*words)

    def stop_at_the_second(self, *words):
        if len(starts) == 2:
            raise RuntimeError("killed")
        keep(self, *words)

    monkeypatch.setattr(_blocks, "explained", explained)
    with keeping(Store(tmp_path)):
        with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
            patch.setattr(Values, "_keep", stop_at_the_second)
            shap(adata, model, copy=True, **options)
        again = shap(adata, model, copy=True, **options)
        assert len(starts) == n_blocks  # the two before are not explained again
        assert starts == sorted(set(starts))
        # Other draws are other values.
        shap(adata, model, copy=True, seed=7, **options)
    assert len(starts) == 2 * n_blocks
    assert set(again.layers) == set(whole.layers)
    for name, values in whole.layers.items():
        np.testing.assert_array_equal(again.layers[name], values)
    for name, table in whole.uns["tissueshap"]["shap"].items():
        if isinstance(table, pd.DataFrame):
            other = again.uns["tissueshap"]["shap"][name]
            pd.testing.assert_frame_equal(other, table, check_exact=True)
    if "target" in how:
        means = [each.varm["shap_mean_abs"] for each in (again, whole)]
        pd.testing.assert_frame_equal(*means, check_exact=True)
