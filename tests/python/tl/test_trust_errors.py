"""The checks of error rates and of necessity: planted classes hold, noise does not."""

from __future__ import annotations

import logging
from dataclasses import replace
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tissueshap import tl
from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.model import preset
from tissueshap.trust import Context, Numbers
from tissueshap.trust._checks._necessity import _rows
from tissueshap.trust._checks._permutations import permuted

N_GENES, N_PLANTED = 120, 12


def simulated(*, signal=True):
    """300 samples of three classes, each raised or lowered by four genes of 120."""
    rng = np.random.default_rng(7)
    shared = rng.normal(size=(300, 3)) @ rng.normal(size=(3, N_GENES))
    x = (8 + 0.3 * shared + rng.normal(size=(300, N_GENES))).astype(np.float32)
    effects = np.zeros((N_GENES, 3))
    effects[np.arange(N_PLANTED), np.arange(N_PLANTED) % 3] = 4.0 * signal
    codes = ((x - 8) @ effects + rng.gumbel(size=(300, 3))).argmax(axis=1)
    obs = pd.DataFrame(
        {
            "tissue": pd.Categorical.from_codes(codes, ["a", "b", "c"]),
            "split": pd.Categorical(np.where(np.arange(300) % 3 > 0, "train", "test")),
        },
        index=[f"s{number}" for number in range(300)],
    )
    genes = pd.DataFrame(index=[f"g{number}" for number in range(N_GENES)])
    adata = ad.AnnData(np.zeros((300, N_GENES), np.float32), obs=obs, var=genes)
    adata.layers["log2"] = x
    slots.label_name(adata, "tissue")
    return adata


def marked():
    """The samples of no signal, with four genes raised by 3 in each class."""
    adata = simulated(signal=False)
    codes = adata.obs["tissue"].cat.codes.to_numpy()
    for gene in range(N_PLANTED):
        adata.layers["log2"][codes == gene % 3, gene] += 3
    return adata


def train(x, y, seed):
    # seed: the fit does not depend on it.
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(x, y)


def fitted(adata):
    rows = (adata.obs["split"] == "train").to_numpy()
    return train(adata.layers["log2"][rows], adata.obs["tissue"].astype(str)[rows], 0)


@pytest.fixture(scope="module")
def _planted():
    adata = simulated()
    return adata, fitted(adata)


@pytest.fixture
def planted(_planted):
    return _planted[0].copy(), _planted[1]


def rows_of(adata, check):
    table = slots.table(adata, "trust", "summary")
    return table[table["check"] == check]


def test_planted_genes_are_discovered_and_listed(planted, caplog):
    adata, model = planted
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        tl.trust(adata, model, n_top=4, checks=["knockoffs"])
    assert "knockoffs: 5 lasso fits, and 25 lasso fits of planted classes, about" in caplog.text
    rows = rows_of(adata, "knockoffs")
    assert rows["verdict"].tolist() == ["holds", "holds"]
    assert "cannot be distinguished" in rows["reason"].iloc[0]
    table = slots.table(adata, "trust", "knockoffs")
    found = table[(table["class"] == "all classes") & table["discovered"]]
    assert found["gene"].str[1:].astype(int).lt(N_PLANTED).mean() >= 0.8
    assert (found["e_value"] > 0).all()
    assert found["frequency"].between(0, 1).all()
    assert rows["value"].iloc[0] == pytest.approx(
        table[(table["class"] == "all classes") & table["selected"]]["discovered"].mean()
    )


def test_classes_without_genes_have_no_discoveries():
    adata = simulated(signal=False)
    tl.trust(adata, fitted(adata), n_top=4, checks=["knockoffs", "permutations"], train=train)
    assert rows_of(adata, "knockoffs")["verdict"].iloc[0] == "fails"
    assert not slots.table(adata, "trust", "knockoffs")["discovered"].any()
    row = rows_of(adata, "permutations").iloc[0]
    assert row["verdict"] == "fails"
    assert row["value"] <= 0.1


def test_no_power_is_not_measured():
    adata = simulated()[:60].copy()
    tl.trust(adata, fitted(adata), n_top=4, checks=["knockoffs"], n_knockoffs=2)
    row = rows_of(adata, "knockoffs").iloc[0]
    assert row["verdict"] == "not measured"
    assert row["reason"].startswith("no power: of genes planted in these samples 0% are found")


def test_a_model_of_genes_and_knockoffs_is_trained(planted):
    adata, model = planted
    options = {"checks": ["knockoffs"], "n_top": 4, "n_knockoffs": 2, "n_samples": 30}
    tl.trust(adata, model, knockoff_statistic="model", train=train, **options)
    table = slots.table(adata, "trust", "knockoffs")
    own = table[(table["class"] == "all classes") & table["selected"]]
    planted_here = own["gene"].str[1:].astype(int) < N_PLANTED
    assert (own["statistic"][planted_here] > 0).mean() > 0.8
    with pytest.raises(DataError, match="knockoff_statistic must be 'lasso' or 'model'"):
        tl.trust(adata, model, knockoff_statistic="trees", **options)
    tl.trust(adata, model, knockoff_statistic="model", **options)
    assert "pass train=" in rows_of(adata, "knockoffs")["reason"].iloc[0]


def test_markers_exceed_all_genes_of_permuted_labels(caplog):
    adata = marked()
    model = fitted(adata)
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        tl.trust(adata, model, n_top=4, checks=["permutations"], train=train, n_samples=30)
    assert "permutations: 19 trainings on permuted labels" in caplog.text
    assert rows_of(adata, "permutations")["verdict"].tolist() == ["holds"]
    table = slots.table(adata, "trust", "permutations")
    assert len(table) == 12
    assert (table["pvalue"] >= 1 / 20).all()
    assert (table["pvalue"] <= table["maxt"]).all()
    assert (table["gene"].str[1:].astype(int) < N_PLANTED).all()
    tl.trust(adata, model, checks=["permutations"], train=train, n_permutations=5)
    assert "n_permutations=19 or more" in rows_of(adata, "permutations")["reason"].iloc[0]


def test_a_model_of_shuffled_labels_is_one_of_permuted_ones():
    # The held-out samples differ, so the values of any model are consistent among them.
    adata = marked()
    rows = (adata.obs["split"] == "train").to_numpy()
    shuffled = np.random.default_rng(3).permutation(adata.obs["tissue"].astype(str)[rows])
    model = train(adata.layers["log2"][rows], shuffled, 0)
    tl.trust(adata, model, n_top=4, checks=["permutations"], train=train)
    # Without the test of the classes, one gene in six would exceed those of permuted labels.
    assert rows_of(adata, "permutations")["value"].tolist() == [0]
    assert slots.table(adata, "trust", "permutations")["pvalue"].min() < 0.1


def test_training_on_the_genes_alone_or_without_them(planted, caplog):
    adata, model = planted
    with caplog.at_level(logging.INFO, logger="tissueshap"):
        tl.trust(adata, model, n_top=4, checks=["necessity"], train=train)
    assert "necessity: 8 trainings on fewer genes" in caplog.text
    assert rows_of(adata, "necessity")["verdict"].tolist() == ["holds", "holds"]
    table = slots.table(adata, "trust", "necessity")
    scores = table.set_index(["action", "genes", "n_ranks"])["macro_f1"]
    assert scores["keep", "selected", 4] > 0.75
    assert scores["keep", "random", 4] < 0.6
    assert scores["remove", "selected", 4] < 0.6
    assert table["n_genes"].max() <= N_GENES / 2
    # A copy of each gene replaces it: nothing is lost, whatever the genes are worth.
    twice = ad.concat([adata, adata], axis=1, merge="same", index_unique="-")
    twice.obs = adata.obs
    slots.label_name(twice, "tissue")
    tl.trust(twice, fitted(twice), n_top=4, checks=["necessity"], train=train)
    kept, removed = rows_of(twice, "necessity").itertuples()
    assert kept.verdict == "holds"
    assert "may replace them" in removed.reason


def test_these_checks_are_made_on_request_only(planted):
    adata, model = planted
    tl.trust(adata, model, n_top=4, checks=["coverage"])
    for check in ("necessity", "permutations", "knockoffs"):
        row = rows_of(adata, check).iloc[0]
        assert row["reason"] == f"not asked for: checks=['{check}']"
    tl.trust(adata, model, n_top=4, checks=["permutations", "necessity"])
    for check in ("necessity", "permutations"):
        assert "pass train=" in rows_of(adata, check)["reason"].iloc[0]


#: Each training that is compared, the one that should be better first.
ACTIONS = [
    ("keep", "selected", 4),
    ("keep", "random", 4),
    ("remove", "random", 4),
    ("remove", "selected", 4),
]


def trained_without(macro_f1):
    """Return 30 held-out samples, and a table of trainings on other genes with these scores."""
    table = pd.DataFrame(
        {
            "action": ["keep", "keep", "remove", "remove"],
            "genes": ["selected", "random"] * 2,
            "n_ranks": 4,
            "n_genes": 12,
            "macro_f1": macro_f1,
        }
    )
    codes = np.repeat([0, 1, 2], 10)
    context = SimpleNamespace(codes=codes, test=np.arange(30), predicted=codes, classes=["a"] * 3)
    return context, table


def test_the_same_genes_are_no_better_than_random_ones_by_an_accident():
    context, table = trained_without([0.55, 0.50, 0.80, 0.85])
    # Two samples of thirty, which chance gives as well; then all of them.
    two, none = np.arange(30) < 2, np.zeros(30, dtype=bool)
    by_accident = _rows(context, table, dict(zip(ACTIONS, [two, none] * 2, strict=True)))
    assert [row.verdict for row in by_accident] == ["fails", "fails"]
    every = ~none
    throughout = _rows(context, table, dict(zip(ACTIONS, [every, none] * 2, strict=True)))
    assert [row.threshold for row in throughout] == [0.01, 0.01]
    assert [row.verdict for row in throughout] == ["holds", "holds"]


def test_what_chance_hides_is_not_measured():
    # Without random genes one sample more of thirty is right: too little to say anything.
    context, table = trained_without([0.97, 0.95, 0.95, 0.97])
    rng = np.random.default_rng(1)
    right = {key: rng.random(30) < 0.8 for key in ACTIONS}
    found = _rows(context, table, right)
    assert [row.verdict for row in found] == ["not measured", "not measured"]
    assert all(row.threshold > 0.05 for row in found)


def test_finished_trainings_are_kept(planted, tmp_path):
    adata, model = planted
    how = {"checks": ["necessity", "permutations", "knockoffs"], "n_top": 4, "n_knockoffs": 2}
    how |= {"train": counted, "knockoff_statistic": "model", "folder": tmp_path / "kept"}
    TRAINED.clear()
    tl.trust(adata, model, **how)
    assert len(TRAINED) == 8 + 19 + 2
    first = slots.table(adata, "trust", "summary")
    TRAINED.clear()
    tl.trust(adata, model, **how)
    assert TRAINED == []
    pd.testing.assert_frame_equal(slots.table(adata, "trust", "summary"), first)
    # More permutations: only those that are missing. Other genes: those of necessity again.
    tl.trust(adata, model, **how, n_permutations=21)
    assert len(TRAINED) == 2
    TRAINED.clear()
    tl.trust(adata, model, **{**how, "n_top": 3, "checks": ["necessity"]})
    assert len(TRAINED) == 8


TRAINED: list[int] = []


def counted(x, y, seed):
    TRAINED.append(seed)
    return train(x, y, seed)


@pytest.mark.slow
def test_networks_are_trained_on_permuted_labels_on_knockoffs_and_without_genes(learned):
    own = replace(preset("small"), name="brief", epochs=1, min_steps=0, widths=(8,), n_models=1)
    model = tl.cnn(learned, preset=own)
    tl.shap(learned, model, n_draws=10)
    tl.rank_genes(learned)
    tl.select_genes(learned, method="top_n", n_top=3)
    before = set(learned.uns["tissueshap"])
    checks = ["necessity", "permutations", "knockoffs"]
    tl.trust(learned, model, checks=checks, knockoff_statistic="model", n_knockoffs=1)
    assert set(learned.uns["tissueshap"]) == before | {"trust"}
    table = slots.table(learned, "trust", "permutations")
    assert table["pvalue"].between(1 / 20, 1).all()
    assert slots.table(learned, "trust", "necessity")["macro_f1"].between(0, 1).all()
    found = slots.table(learned, "trust", "knockoffs")
    assert (found["statistic"] != 0).any()
    numbers = Numbers(5, 1, 2, 1, 2, "mean", "log2", 42)
    context = Context(learned, model, "tissue", numbers)
    codes = permuted(context, seed=42, number=1)
    assert (codes[context.train] != context.codes[context.train]).any()
    assert (np.bincount(codes[context.test]) == np.bincount(context.codes[context.test])).all()
