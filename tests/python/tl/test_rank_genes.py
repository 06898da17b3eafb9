from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.tl._rank_genes import descending_ranks, rank_genes


@pytest.fixture
def explained(toy):
    """The toy with made-up SHAP values of every second sample, one class not among them."""
    rng = np.random.default_rng(0)
    values = np.full(toy.shape, np.nan, dtype=np.float32)
    names = toy.obs["tissue"].astype(str).to_numpy()
    rows = np.flatnonzero((np.arange(toy.n_obs) % 2 == 0) & (names != "Liver"))
    values[rows] = rng.normal(size=(rows.size, toy.n_vars))
    values[:, 7] = np.nan
    samples = pd.DataFrame({"sample": toy.obs_names[rows], "explained": names[rows]})
    found = {"layers": {"shap": values}, "uns": {"samples": samples}}
    slots.write(toy, "shap", found, params={})
    return toy


def _members(adata, name):
    samples = adata.uns["tissueshap"]["shap"]["samples"]
    rows = adata.obs_names.get_indexer(samples.loc[samples["explained"] == name, "sample"])
    return adata.layers["shap"][rows]


@pytest.mark.parametrize(
    ("statistic", "function"),
    [
        ("median", lambda v: np.median(v, axis=0)),
        ("mean", lambda v: v.mean(axis=0)),
        ("mean_abs", lambda v: np.abs(v).mean(axis=0)),
    ],
)
def test_the_statistic_is_over_the_samples_of_the_class(explained, statistic, function):
    rank_genes(explained, statistic=statistic)
    names = slots.class_names(explained)
    found = slots.class_frame(explained, "varm", "shap_median", names)
    for name in ("Brain - Cortex", "CD8+/CD45RA+ Naive", "Peau <b>é</b>"):
        expected = function(_members(explained, name))
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-6)


def test_rank_one_is_the_highest_signed_value(explained):
    rank_genes(explained)
    names = slots.class_names(explained)
    median = slots.class_frame(explained, "varm", "shap_median", names)["Brain - Cortex"]
    rank = slots.class_frame(explained, "varm", "shap_rank", names)["Brain - Cortex"]
    ordered = median[rank.sort_values().index].dropna()
    assert (np.diff(ordered) <= 0).all()
    assert sorted(rank.dropna()) == list(range(1, explained.n_vars))


def test_a_class_without_samples_and_a_gene_without_values_are_nan(explained, caplog):
    rank_genes(explained)
    assert explained.varm["shap_rank"]["Liver"].isna().all()
    assert explained.varm["shap_median"].iloc[7].isna().all()
    assert "Liver" in caplog.text
    counts = explained.uns["tissueshap"]["rank_genes"]["counts"].set_index("class")["n_explained"]
    assert counts.to_dict() == {
        "Brain - Cortex": 30,
        "CD8+/CD45RA+ Naive": 25,
        "Liver": 0,
        "Peau <b>é</b>": 15,
    }


def test_samples_may_have_been_dropped_or_moved_since(explained):
    rank_genes(explained)
    before = explained.varm["shap_median"]["Brain - Cortex"].copy()
    moved = explained[np.random.default_rng(0).permutation(explained.n_obs)].copy()
    rank_genes(moved)
    pd.testing.assert_series_equal(moved.varm["shap_median"]["Brain - Cortex"], before)
    with pytest.raises(DataError, match="no explained sample"):
        rank_genes(explained[1:2].copy(), "tissue")


def test_ties_go_by_order_and_nan_stay_out():
    values = np.array([[1.0, np.nan], [2.0, 0.0], [1.0, -1.0], [np.nan, 0.0]])
    ranks = descending_ranks(values)
    np.testing.assert_array_equal(ranks, [[2, np.nan], [1, 1], [3, 3], [np.nan, 2]])


def test_it_says_what_has_to_come_before_and_what_there_is(toy, explained):
    with pytest.raises(DataError, match="statistic must be one of .*, not 'mode'"):
        rank_genes(explained, statistic="mode")
    del explained.layers["shap"]
    with pytest.raises(MissingSlotError, match=r"ts\.tl\.shap"):
        rank_genes(explained)


def test_it_can_copy(explained):
    other = rank_genes(explained, copy=True)
    assert "shap_rank" in other.varm
    assert "shap_rank" not in explained.varm


def test_intervals_hold_the_statistic_and_cover_the_mean_as_often_as_they_say(explained):
    rank_genes(explained, statistic="mean", n_boot=200, seed=5)
    low, mean, high = (
        explained.varm[key]["Brain - Cortex"].dropna()
        for key in ("shap_low", "shap_median", "shap_high")
    )
    assert ((low <= mean) & (mean <= high)).all()
    # The made-up values have mean 0: 199 genes, 30 samples, nominal 95 %.
    assert 0.87 < ((low <= 0) & (high >= 0)).mean() <= 1
    # 1.96 standard errors of a mean of 30.
    assert np.median(high - low) == pytest.approx(2 * 1.96 / np.sqrt(30), rel=0.15)
    assert explained.varm["shap_low"]["Liver"].isna().all()


def test_no_intervals_unless_asked(explained):
    rank_genes(explained)
    assert "shap_low" not in explained.varm
    with pytest.raises(DataError, match="n_boot must be an integer of at least 0, not -1"):
        rank_genes(explained, n_boot=-1)
