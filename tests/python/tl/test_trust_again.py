"""Checks of ``tl.trust`` that train again: what is kept, announced, and left out together."""

import logging

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import tissueshap as ts
from tissueshap import tl
from tissueshap._core import parallel, slots
from tissueshap._core.errors import DataError
from tissueshap.trust._checks._context import Numbers
from tissueshap.trust._checks._retrain import training_parts

TRAINED = []


def train(x, y, seed):
    TRAINED.append((seed, len(x)))
    rows = np.random.default_rng(seed).random(len(x)) < 0.9
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x[rows], y[rows])


@pytest.fixture(autouse=True)
def _nothing_trained():
    TRAINED.clear()


@pytest.fixture
def regression(prepared):
    rows = (prepared.obs["split"] == "train").to_numpy()
    x = np.asarray(prepared.layers["log2"])[rows]
    return train(x, prepared.obs["tissue"].astype(str).to_numpy()[rows], 1)


def rows(adata, check):
    table = slots.table(adata, "trust", "summary")
    return table[table["check"] == check]


def test_finished_networks_are_kept_and_used_again(prepared, regression, tmp_path, monkeypatch):
    TRAINED.clear()
    how = {"checks": ["seeds", "folds"], "train": train, "n_folds": 2, "folder": tmp_path / "kept"}
    tl.trust(prepared, regression, n_seeds=1, **how)
    first = rows(prepared, "seeds")["value"].to_numpy()
    assert [seed for seed, _ in TRAINED] == [43, 42, 42]
    TRAINED.clear()
    tl.trust(prepared, regression, n_seeds=1, **how)
    assert TRAINED == []
    np.testing.assert_array_equal(rows(prepared, "seeds")["value"], first)
    # More of them: only those that are missing.
    tl.trust(prepared, regression, n_seeds=3, **how)
    assert [seed for seed, _ in TRAINED] == [44, 45]
    # Other data, another model or other settings: none is used.
    TRAINED.clear()
    monkeypatch.setitem(how, "checks", ["seeds"])
    changed = prepared.copy()
    changed.layers["log2"] = np.asarray(changed.layers["log2"]) * np.float32(1.001)
    tl.trust(changed, regression, n_seeds=1, **how)
    tl.trust(prepared, train(*_training(prepared), 7), n_seeds=1, **how)
    tl.trust(prepared, regression, n_seeds=1, seed=5, **how)
    tl.trust(prepared, regression, n_seeds=1, n_top=4, **how)
    assert [seed for seed, _ in TRAINED] == [43, 7, 43, 6, 43]


def _training(adata):
    chosen = (adata.obs["split"] == "train").to_numpy()
    return np.asarray(adata.layers["log2"])[chosen], adata.obs["tissue"].astype(str)[chosen]


def test_an_interrupted_table_goes_on_where_it_was(prepared, regression, tmp_path):
    TRAINED.clear()
    how = {"checks": ["seeds"], "n_seeds": 3, "folder": tmp_path / "kept"}

    def interrupted(x, y, seed):
        if len(TRAINED) == 2 and not again:
            raise KeyboardInterrupt
        return train(x, y, seed)

    again = []
    with pytest.raises(KeyboardInterrupt):
        tl.trust(prepared, regression, train=interrupted, **how)
    again.append(1)
    tl.trust(prepared, regression, train=interrupted, **how)
    assert [seed for seed, _ in TRAINED] == [43, 44, 45]


def test_networks_of_a_function_without_lines_are_not_kept(prepared, regression, tmp_path):
    names: dict = {"train": train}
    exec("def unknown(x, y, seed): return train(x, y, seed)", names)  # noqa: S102
    how = {"checks": ["seeds"], "n_seeds": 1, "folder": tmp_path / "kept"}
    for _ in range(2):
        tl.trust(prepared, regression, train=names["unknown"], **how)
    assert [seed for seed, _ in TRAINED[1:]] == [43, 43]


def test_the_duration_is_announced_before_it_starts(explained_toy, model, caplog):
    with caplog.at_level(logging.INFO, "tissueshap"), pytest.raises(_Stopped):
        tl.trust(explained_toy, model, checks=["seeds", "folds"], n_seeds=2, n_folds=3)
    said = [line for line in caplog.messages if "networks to train again" in line]
    assert len(said) == 1
    assert "networks to train again: 5 (seeds 2, folds 3); about " in said[0]
    assert "each with" in said[0]


class _Stopped(Exception):
    pass


@pytest.fixture
def explained_toy(_learned, model, monkeypatch):
    adata = _learned[0].copy()
    tl.shap(adata, model, n_draws=20)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="top_n", n_top=6)

    def stop(*_, **__):
        raise _Stopped

    monkeypatch.setattr("tissueshap.tl._trust.cnn", stop)
    return adata


def test_samples_of_a_group_are_left_out_together(prepared, regression):
    TRAINED.clear()
    adata = prepared
    adata.obs["donor"] = pd.Categorical([f"d{n % 12}" for n in range(adata.n_obs)])
    how = {"checks": ["folds"], "train": train, "n_folds": 3}
    tl.trust(adata, regression, groups="donor", **how)
    reason = rows(adata, "folds")["reason"].iloc[0]
    assert "parts with all samples of a donor" in reason
    seen = [n for _, n in TRAINED]
    assert len(seen) == 3
    adata.obs["centre"] = "one"
    tl.trust(adata, regression, groups="centre", **how)
    assert "has 1 levels" in rows(adata, "folds")["reason"].iloc[0]
    adata.obs["plate"] = adata.obs["tissue"].astype(str)
    tl.trust(adata, regression, groups="plate", **how)
    row = rows(adata, "folds").iloc[0]
    assert row["verdict"] == "not measured"
    assert "training samples of" in row["reason"]
    with pytest.raises(DataError, match="no column 'nowhere' for groups="):
        tl.trust(adata, regression, groups="nowhere", **how)


class _Context:
    """What the parts are made from."""

    def __init__(self, adata, codes, n_folds):
        self.adata, self.codes, self.train = adata, codes, np.arange(adata.n_obs)
        self.classes = [f"class {code}" for code in np.unique(codes)]
        self.numbers = Numbers(3, 1, n_folds, 2, 2, "samples", "log2", 1)


def test_no_group_is_on_both_sides_of_a_part(prepared):
    rng = np.random.default_rng(0)
    prepared.obs["donor"] = rng.integers(0, 20, prepared.n_obs).astype(str)
    codes = pd.factorize(prepared.obs["tissue"].astype(str))[0]
    context = _Context(prepared, codes, 4)
    parts, reason = training_parts(context, "donor")
    assert reason == ""
    donors = prepared.obs["donor"].to_numpy()
    left_out = [np.setdiff1d(context.train, part) for part in parts]
    assert sorted(np.concatenate(left_out)) == list(context.train)
    for part, out in zip(parts, left_out, strict=True):
        assert not set(donors[part]) & set(donors[out])
    plain, _ = training_parts(context, None)
    assert any(set(donors[part]) & set(donors[np.setdiff1d(context.train, part)]) for part in plain)


@pytest.mark.slow
def test_workers_train_the_same_networks(explained, model, monkeypatch):
    how = {"checks": ["folds"], "n_folds": 4}
    found = {}
    for n_jobs, start in ((1, 1e9), (2, 0.0)):
        monkeypatch.setattr(parallel, "START", start)
        with ts.settings.override(n_jobs=n_jobs):
            tl.trust(explained, model, **how)
        found[n_jobs] = slots.table(explained, "trust", "stability")
    pd.testing.assert_frame_equal(found[1], found[2])


@pytest.fixture
def explained(_learned, model):
    adata = _learned[0].copy()
    tl.shap(adata, model, n_draws=20)
    tl.rank_genes(adata)
    tl.select_genes(adata, method="top_n", n_top=6)
    return adata
