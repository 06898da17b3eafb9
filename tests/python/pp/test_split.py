"""Splits: exact numbers, whole groups, and what is refused."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import pp
from tissueshap._core.errors import DataError


def held_per_class(adata: ad.AnnData) -> pd.Series:
    return adata.obs.loc[adata.obs["split"] == "test", "tissue"].value_counts()


def test_every_class_holds_out_as_many_as_asked(toy: ad.AnnData) -> None:
    assert pp.split(toy, n_test=10) is None
    assert (held_per_class(toy) == 10).all()
    assert set(toy.obs["split"].cat.categories) == {"train", "test"}
    counts = toy.uns["tissueshap"]["split"]["counts"]
    assert counts["class"].tolist() == sorted(toy.obs["tissue"].unique())
    assert counts["n"].tolist() == [60, 50, 40, 30]
    assert (counts["n_test"] == 10).all()
    assert (counts["n_train"] == counts["n"] - 10).all()
    assert (counts["difference"] == 0).all()
    assert toy.uns["tissueshap"]["split"]["seed"] == 42


def test_seed_decides(toy: ad.AnnData) -> None:
    splits = []
    for seed in (1, 1, 2):
        pp.split(toy, n_test=10, seed=seed)
        splits.append(toy.obs["split"].to_numpy())
    assert (splits[0] == splits[1]).all()
    assert (splits[0] != splits[2]).any()


def test_global_seed_is_left_alone(toy: ad.AnnData) -> None:
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    pp.split(toy, n_test=10)
    assert np.random.rand() == expected


def test_small_classes_are_named_with_the_remedy(toy: ad.AnnData) -> None:
    with pytest.raises(DataError, match=r"needs 31 samples.*'Peau <b>é</b>' \(30\).*at most 28"):
        pp.split(toy, n_test=29)
    pp.split(toy, n_test=28)


def test_n_test_of_nothing(toy: ad.AnnData) -> None:
    with pytest.raises(DataError, match="n_test must be an integer of at least 1, not 0"):
        pp.split(toy, n_test=0)


def test_key_added_and_copy(toy: ad.AnnData) -> None:
    made = pp.split(toy, n_test=10, key_added="again", copy=True)
    assert "again_split" in made.obs
    assert "again" in made.uns["tissueshap"]
    assert "again_split" not in toy.obs
    assert "again" not in toy.uns["tissueshap"]


def test_view_is_written_without_its_parent(toy: ad.AnnData) -> None:
    view = toy[toy.obs["tissue"] != "Liver"]
    pp.split(view, n_test=10)
    assert "split" in view.obs
    assert "split" not in toy.obs


class TestFraction:
    def test_a_quarter_by_default(self, toy: ad.AnnData) -> None:
        pp.split(toy)
        counts = toy.uns["tissueshap"]["split"]["counts"]
        assert dict(zip(counts["n"], counts["n_test"], strict=True)) == {
            60: 15,
            50: 13,
            40: 10,
            30: 8,
        }
        assert (counts["difference"] == 0).all()
        params = toy.uns["tissueshap"]["split"]["params"]
        assert (params["test_fraction"], params["max_test"]) == (0.25, 50)
        assert "n_test" not in params

    @pytest.mark.parametrize(
        ("size", "held"), [(4, 2), (5, 2), (9, 2), (10, 3), (25, 6), (51, 13), (199, 50), (400, 50)]
    )
    def test_at_least_two_and_at_most_fifty(self, size: int, held: int) -> None:
        obs = pd.DataFrame({"tissue": ["a"] * size + ["b"] * 40}, index=map(str, range(size + 40)))
        adata = ad.AnnData(np.zeros((size + 40, 3), dtype=np.float32), obs=obs)
        pp.split(adata, "tissue")
        assert held_per_class(adata)["a"] == held

    def test_two_samples_stay_for_training(self, toy: ad.AnnData) -> None:
        few = toy[toy.obs.groupby("tissue", observed=True).cumcount() < 5].copy()
        pp.split(few, test_fraction=0.99)
        assert (few.uns["tissueshap"]["split"]["counts"]["n_train"] == 2).all()

    def test_classes_of_three_are_sent_to_folds(self, toy: ad.AnnData) -> None:
        few = toy[toy.obs.groupby("tissue", observed=True).cumcount() < 3].copy()
        with pytest.raises(DataError, match=r"needs 4 samples, 2 to hold out.*into folds"):
            pp.split(few)
        pp.split(few, n_folds=3)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"test_fraction": 0.0}, "test_fraction must be above 0 .* not 0.0"),
            ({"test_fraction": 1.0}, "below 1, not 1.0"),
            ({"max_test": 1}, "max_test must be a number of at least 2"),
        ],
    )
    def test_shares_that_make_no_sense(
        self, toy: ad.AnnData, options: dict[str, float], words: str
    ) -> None:
        with pytest.raises(DataError, match=words):
            pp.split(toy, **options)

    def test_by_donor_each_class_is_near_its_own_number(self, toy: ad.AnnData) -> None:
        pp.split(toy, groups="donor")
        sides = toy.obs.groupby("donor", observed=True)["split"].nunique()
        assert (sides == 1).all()
        counts = toy.uns["tissueshap"]["split"]["counts"]
        assert counts["difference"].abs().max() <= 3


class TestFolds:
    def test_each_class_is_spread_evenly(self, toy: ad.AnnData) -> None:
        pp.split(toy, n_folds=7)
        assert (toy.obs["split"] == "both").all()
        sizes = pd.crosstab(toy.obs["tissue"], toy.obs["fold"])
        assert list(sizes.columns) == [1, 2, 3, 4, 5, 6, 7]
        assert (sizes.max(axis=1) - sizes.min(axis=1) <= 1).all()
        assert np.ptp(sizes.sum()) <= 1
        counts = toy.uns["tissueshap"]["split"]["counts"]
        assert (counts.pivot(index="class", columns="fold", values="n_test") == sizes).all(
            axis=None
        )
        assert (counts["n_test"] + counts["n_train"] == counts["n"]).all()

    def test_seed_decides(self, toy: ad.AnnData) -> None:
        folds = []
        for seed in (1, 1, 2):
            pp.split(toy, n_folds=3, seed=seed)
            folds.append(toy.obs["fold"].to_numpy())
        assert (folds[0] == folds[1]).all()
        assert (folds[0] != folds[2]).any()

    def test_donors_stay_in_one_fold(self, toy: ad.AnnData) -> None:
        pp.split(toy, n_folds=4, groups="donor")
        assert (toy.obs.groupby("donor", observed=True)["fold"].nunique() == 1).all()
        sizes = pd.crosstab(toy.obs["tissue"], toy.obs["fold"])
        assert (sizes.max(axis=1) - sizes.min(axis=1)).max() <= 4
        assert sizes.to_numpy().min() >= 4

    def test_one_split_afterwards_leaves_no_folds(self, toy: ad.AnnData) -> None:
        pp.split(toy, n_folds=3)
        pp.split(toy)
        assert "fold" not in toy.obs
        assert set(toy.obs["split"]) == {"train", "test"}

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"n_folds": 1}, "n_folds must be an integer of at least 2, not 1"),
            ({"n_folds": 2.5}, "integer of at least 2, not 2.5"),
            ({"n_folds": 181}, "only 180 samples or groups"),
            ({"n_folds": 41, "groups": "donor"}, "only (39|40) samples or groups"),
            ({"n_folds": 5, "n_test": 5}, "either n_test or n_folds"),
        ],
    )
    def test_numbers_that_make_no_sense(
        self, toy: ad.AnnData, options: dict[str, int], words: str
    ) -> None:
        with pytest.raises(DataError, match=words):
            pp.split(toy, **options)

    def test_a_class_of_one_donor(self, toy: ad.AnnData) -> None:
        liver = toy.obs["tissue"] == "Liver"
        toy.obs["half"] = np.where(liver, "one", toy.obs["donor"].astype(str))
        with pytest.raises(DataError, match=r"training samples of the classes \['Liver'\]"):
            pp.split(toy, n_folds=4, groups="half")

    @pytest.mark.parametrize(("n_folds", "needed"), [(2, 4), (3, 3), (10, 3)])
    def test_the_smallest_class(self, toy: ad.AnnData, n_folds: int, needed: int) -> None:
        place = toy.obs.groupby("tissue", observed=True).cumcount()
        liver = toy.obs["tissue"] == "Liver"
        pp.split(toy[~liver | (place < needed)].copy(), n_folds=n_folds)
        with pytest.raises(DataError, match=f"needs {needed} samples"):
            pp.split(toy[~liver | (place < needed - 1)].copy(), n_folds=n_folds)


class TestGroups:
    def test_donors_stay_on_one_side(self, toy: ad.AnnData) -> None:
        pp.split(toy, n_test=12, groups="donor")
        sides = toy.obs.groupby("donor", observed=True)["split"].nunique()
        assert (sides == 1).all()
        counts = toy.uns["tissueshap"]["split"]["counts"]
        assert (counts["n_test"].to_numpy() == held_per_class(toy)[counts["class"]]).all()
        assert counts["difference"].abs().max() <= 3
        assert (counts["n_test"] - 12 == counts["difference"]).all()

    def test_groups_of_one_sample_are_an_exact_split(self, toy: ad.AnnData) -> None:
        toy.obs["own"] = toy.obs_names.to_numpy()
        pp.split(toy, n_test=12, groups="own")
        assert (held_per_class(toy) == 12).all()

    def test_order_of_samples_does_not_matter_for_what_is_kept_together(
        self, toy: ad.AnnData
    ) -> None:
        pp.split(toy, n_test=12, groups="donor", seed=5)
        again = toy.copy()
        pp.split(again, n_test=12, groups="donor", seed=5)
        assert (again.obs["split"] == toy.obs["split"]).all()

    def test_two_samples_remain_to_train_on(self, toy: ad.AnnData) -> None:
        toy.obs["half"] = np.where(
            toy.obs["tissue"] == "Liver", "all", toy.obs["donor"].astype(str)
        )
        with pytest.raises(DataError, match=r"can be held out for the classes \['Liver'\]"):
            pp.split(toy, n_test=12, groups="half")

    def test_missing_donor(self, toy: ad.AnnData) -> None:
        toy.obs["donor"] = toy.obs["donor"].astype(object)
        toy.obs.iloc[3, toy.obs.columns.get_loc("donor")] = None
        with pytest.raises(DataError, match="missing for samples .'S003'."):
            pp.split(toy, n_test=12, groups="donor")

    def test_missing_column(self, toy: ad.AnnData) -> None:
        with pytest.raises(DataError, match="no column 'nobody'"):
            pp.split(toy, n_test=12, groups="nobody")

    def test_log_says_how_far(self, toy: ad.AnnData, caplog: pytest.LogCaptureFixture) -> None:
        toy.obs["pair"] = (np.arange(toy.n_obs) // 4).astype(str)
        with caplog.at_level("INFO", logger="tissueshap"):
            pp.split(toy, n_test=11, groups="pair")
        assert "split by pair: " in caplog.text
        assert "furthest from the requested number in " in caplog.text


class TestCohort:
    def test_the_papers_numbers(self, cohort: ad.AnnData) -> None:
        pp.split(cohort, n_test=50)
        assert cohort.shape == (16651, 59)
        assert cohort.obs["tissue"].nunique() == 47
        assert cohort.obs["split"].value_counts().to_dict() == {"train": 14301, "test": 2350}

    def test_by_donor_is_near_the_best_that_donors_allow(self, cohort: ad.AnnData) -> None:
        from scipy.optimize import lsq_linear

        pp.split(cohort, n_test=50, groups="donor")
        sides = cohort.obs.groupby("donor", observed=True)["split"].nunique()
        assert (sides == 1).all()
        counts = cohort.uns["tissueshap"]["split"]["counts"]
        assert (counts["n_train"] >= 2).all()
        # Donors that could be divided are a lower bound for those that cannot.
        donors = pd.crosstab(cohort.obs["tissue"], cohort.obs["donor"])
        bound = lsq_linear(donors.to_numpy(float), np.full(47, 50.0), bounds=(0, 1))
        assert (counts["difference"] ** 2).sum() < 1.05 * (bound.fun**2).sum()


def test_classes_are_excluded(toy):
    toy.obs["tissue"] = toy.obs["tissue"].astype("category")
    sizes = toy.obs["tissue"].value_counts()
    first, smallest = sizes.index[0], sizes.index[-1]
    pp.split(toy, exclude=first, min_class_size=int(sizes.iloc[-1]) + 1)
    left = set(sizes.index[sizes > sizes.iloc[-1]]) - {first}
    assert set(toy.obs["tissue"].cat.categories) == left
    assert smallest not in left
    assert toy.n_obs == sum(sizes[name] for name in left)
    with pytest.raises(DataError, match="at least two are needed"):
        pp.split(toy, exclude="*")


def test_excluding_leaves_the_original_with_copy(toy):
    name = str(toy.obs["tissue"].iloc[0])
    made = pp.split(toy, exclude=[name], copy=True)
    assert name in set(toy.obs["tissue"])
    assert name not in set(made.obs["tissue"])
