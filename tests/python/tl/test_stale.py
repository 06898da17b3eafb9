"""Results that were made from something else are refused, and the step to run is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tissueshap import report
from tissueshap._core.errors import StaleError, TakenSlotError
from tissueshap.model import load
from tissueshap.pp import log2, oversample, split
from tissueshap.tl import cnn, evaluate, predict, rank_genes, select_genes, shap, trust

EXPLAIN = {"samples": "test", "n_draws": 4}


@pytest.fixture(scope="module")
def _ranked(_learned):
    adata, model = _learned[0].copy(), _learned[1]
    predict(adata, model)
    evaluate(adata, baseline=False)
    shap(adata, model, **EXPLAIN)
    rank_genes(adata)
    select_genes(adata, method="top_n", n_top=5)
    return adata


@pytest.fixture
def ranked(_ranked):
    """The toy after every verb up to select_genes, all of it up to date."""
    return _ranked.copy()


def resplit(adata, model):
    split(adata, n_test=10, seed=7)


def relabel(adata, model):
    names = adata.obs["tissue"].astype(str).to_numpy()
    adata.obs["tissue"] = pd.Categorical(np.random.default_rng(0).permutation(names))


def other_log2(adata, model):
    log2(adata, offset=1, shift=0)


def fewer_genes(adata, model):
    adata._inplace_subset_var(np.arange(adata.n_vars) < 150)


def other_model(adata, model):
    cnn(adata, preset="small", epochs=1, seed=9)


CONSUMERS = {
    "evaluate": lambda adata, model: evaluate(adata, baseline=False),
    "shap": lambda adata, model: shap(adata, model, **EXPLAIN),
    "rank_genes": lambda adata, model: rank_genes(adata),
    "select_genes": lambda adata, model: select_genes(adata),
    "trust": lambda adata, model: trust(adata, model, checks=["completeness"]),
    "cnn": lambda adata, model: cnn(adata, preset="small", epochs=1),
    "report": lambda adata, model: report.build(adata, "not-written.html"),
}
CASES = [
    *((resplit, name) for name in CONSUMERS),
    *((relabel, name) for name in CONSUMERS),
    *((other_log2, name) for name in CONSUMERS if name not in ("cnn",)),
    *((fewer_genes, name) for name in ("cnn", "rank_genes", "select_genes", "report")),
    *((other_model, name) for name in ("evaluate", "rank_genes", "report")),
]


@pytest.mark.parametrize(("change", "consumer"), CASES)
def test_a_change_is_noticed(ranked, model, change, consumer):
    change(ranked, model)
    with pytest.raises(StaleError, match=r"run ts\.(pp|tl)\.\w+\(adata") as raised:
        CONSUMERS[consumer](ranked, model)
    if change is resplit:
        assert "run ts.tl.cnn(adata)" in str(raised.value) or "oversample" in str(raised.value)


def test_nothing_is_refused_where_nothing_changed(ranked, model, tmp_path):
    split(ranked, n_test=10, seed=3)  # the same again
    log2(ranked)
    for consumer in ("evaluate", "shap", "rank_genes", "trust"):
        CONSUMERS[consumer](ranked, model)
    select_genes(ranked, method="top_n", n_top=5)
    report.build(ranked, tmp_path / "report.html")


def test_a_file_keeps_what_results_were_made_from(ranked, model, tmp_path):
    from tissueshap import io

    io.write_h5ad(ranked, tmp_path / "x.h5ad")
    back = io.read_h5ad(tmp_path / "x.h5ad")
    again = load(model.save(tmp_path / "model"))
    assert again.fingerprint() == model.fingerprint()
    predict(back, again)
    evaluate(back, baseline=False)
    shap(back, again, **EXPLAIN)
    resplit(back, again)
    with pytest.raises(StaleError, match=r"run ts\.tl\.cnn\(adata\) again"):
        evaluate(back, baseline=False)


def test_fewer_samples_can_be_predicted_scored_and_explained(ranked, model):
    part = ranked[::2].copy()
    predict(part, model)
    evaluate(part, baseline=False)
    shap(part, model, **EXPLAIN)
    rank_genes(part)


def test_a_model_of_a_bundle_knows_its_training_samples(prepared, model, tmp_path):
    again = load(model.save(tmp_path / "model"))
    split(prepared, n_test=10, seed=7)
    predict(prepared, again)  # predictions need no split
    with pytest.raises(StaleError, match="trained on .* samples that adata.obs"):
        evaluate(prepared, baseline=False)
    assert "S0" not in (tmp_path / "model" / "bundle.json").read_text(encoding="utf-8")


def test_two_models_are_not_mixed(ranked, model):
    other = cnn(ranked.copy(), preset="small", epochs=1, seed=9)
    assert other.fingerprint() != model.fingerprint()
    with pytest.raises(StaleError, match=r"\['shap'\] is of another model"):
        trust(ranked, other, checks=["completeness"])
    predict(ranked, other)
    evaluate(ranked, baseline=False)
    with pytest.raises(StaleError, match="another model than 'cnn'"):
        report.build(ranked, "not-written.html")


def test_a_table_of_other_positions_is_not_trained_on(prepared):
    with pytest.raises(StaleError, match=r"another order: run ts\.pp\.oversample"):
        cnn(prepared[::-1].copy(), preset="small")
    relabelled = prepared.copy()
    relabelled.obs["organ"] = relabelled.obs["tissue"].astype(str).to_numpy()[::-1]
    with pytest.raises(StaleError, match=r"classes.*run ts\.pp\.oversample"):
        cnn(relabelled, "organ", preset="small")
    oversample(relabelled, "organ", method="random")
    assert cnn(relabelled, "organ", preset="small", epochs=1)


def test_layers_of_the_users_are_kept(learned, model):
    learned.obsm["proba"] = np.ones((learned.n_obs, 2))
    with pytest.raises(TakenSlotError, match=r"obsm\['proba'\] exists already.*key_added"):
        predict(learned, model)
    predict(learned, model, key_added="ours")
    assert learned.obsm["proba"].shape == (learned.n_obs, 2)
    learned.layers["shap_class_Liver"] = learned.layers["log2"].copy()
    with pytest.raises(TakenSlotError, match="shap_class_Liver"):
        shap(learned, model, target="all", class_layers=True, n_draws=4)
