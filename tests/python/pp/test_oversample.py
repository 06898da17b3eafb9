"""Balancing: smote-variants draw for draw, the other methods, and expansion."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import pp
from tissueshap._core.errors import DataError, MissingSlotError

GOLDEN = Path(__file__).parents[2] / "golden" / "smote.tsv"


@pytest.fixture(autouse=True)
def _quiet_library() -> Iterator[None]:
    logger = logging.getLogger("smote_variants")
    before = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(before)


def table(adata: ad.AnnData) -> pd.DataFrame:
    return adata.uns["tissueshap"]["oversample"]["table"]


def mixed(adata: ad.AnnData, layer: str = "tmm") -> np.ndarray:
    """Return what the table stands for, in float64."""
    rows, values = table(adata), adata.layers[layer].astype(np.float64)
    mix = rows["mix"].to_numpy()[:, None]
    return (1 - mix) * values[rows["sample"]] + mix * values[rows["neighbour"]]


def by_library(adata: ad.AnnData, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Run smote-variants as its documentation says, on the training samples."""
    import smote_variants

    train = (adata.obs["split"] == "train").to_numpy()
    return smote_variants.MulticlassOversampling(
        oversampler="SMOTE", oversampler_params={"n_neighbors": 5, "random_state": seed}
    ).sample(
        adata.layers["tmm"][train].astype(np.float64),
        adata.obs["tissue"].to_numpy(str)[train],
    )


def golden() -> tuple[ad.AnnData, pd.DataFrame]:
    held = pd.read_csv(GOLDEN, sep="\t", float_precision="round_trip")
    real = held[held["kind"] == "real"]
    adata = ad.AnnData(np.zeros((len(real), 6), np.float32))
    adata.obs["tissue"] = real["class"].to_numpy()
    adata.obs["split"] = "train"
    adata.layers["tmm"] = real.filter(regex="^g").to_numpy()
    return adata, held


class TestSmote:
    @pytest.mark.parametrize("engine", ["tissueshap", "smote_variants"])
    def test_golden_values(self, engine: str) -> None:
        adata, held = golden()
        pp.oversample(adata, "tissue", engine=engine)
        assert np.allclose(mixed(adata), held.filter(regex="^g"), rtol=1e-12)
        labels = adata.obs["tissue"].to_numpy()[table(adata)["sample"]]
        assert labels.tolist() == held["class"].tolist()

    @pytest.mark.parametrize("engine", ["tissueshap", "smote_variants"])
    @pytest.mark.parametrize("seed", [0, 42])
    def test_same_as_the_library(self, cpm: ad.AnnData, engine: str, seed: int) -> None:
        pp.oversample(cpm, engine=engine, seed=seed)
        values, labels = by_library(cpm, seed)
        assert np.allclose(mixed(cpm), values, rtol=1e-12)
        own = cpm.obs["tissue"].to_numpy(str)[table(cpm)["sample"]]
        assert own.tolist() == labels.tolist()
        assert cpm.uns["tissueshap"]["oversample"]["seed"] == seed

    @pytest.mark.parametrize("engine", ["tissueshap", "smote_variants"])
    def test_the_papers_cohort(self, cohort: ad.AnnData, engine: str) -> None:
        pp.split(cohort)
        pp.oversample(cohort, engine=engine)
        balanced = cohort.uns["tissueshap"]["oversample"]["counts"]["n_balanced"]
        assert len(table(cohort)) == balanced.sum() == 35362
        assert balanced.value_counts().to_dict() == {752: 29, 753: 18}

    def test_the_papers_cohort_same_as_the_library(self, cohort: ad.AnnData) -> None:
        pp.split(cohort)
        pp.oversample(cohort)
        values, labels = by_library(cohort, 42)
        assert np.allclose(mixed(cohort), values, rtol=1e-12)
        own = cohort.obs["tissue"].to_numpy(str)[table(cohort)["sample"]]
        assert (own == labels).all()

    def test_only_training_samples_of_one_class_are_mixed(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm)
        rows = table(cpm)
        split, tissue = cpm.obs["split"].to_numpy(), cpm.obs["tissue"].to_numpy(str)
        assert (split[rows["sample"]] == "train").all()
        assert (split[rows["neighbour"]] == "train").all()
        assert (tissue[rows["sample"]] == tissue[rows["neighbour"]]).all()
        assert rows["mix"].between(0, 1).all()
        assert (rows["weight"] == 1).all()
        assert rows.dtypes.astype(str).to_dict() == {
            "sample": "int64",
            "neighbour": "int64",
            "mix": "float64",
            "weight": "float64",
        }

    def test_real_samples_come_first_as_they_are(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm)
        train = np.flatnonzero(cpm.obs["split"] == "train")
        real = table(cpm).iloc[: len(train)]
        assert real["sample"].tolist() == train.tolist()
        assert (real["mix"] == 0).all()

    def test_neighbours_are_the_nearest(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, k_neighbors=2)
        rows = table(cpm)
        rows = rows[rows["mix"] > 0]
        values = cpm.layers["tmm"].astype(np.float64)
        peers = (cpm.obs["split"] == "train").to_numpy() & (cpm.obs["tissue"] == "Liver").to_numpy()
        peers = np.flatnonzero(peers)
        liver = rows[rows["sample"].isin(peers)]
        assert len(liver)
        for sample, neighbour in zip(liver["sample"], liver["neighbour"], strict=True):
            distance = np.linalg.norm(values[peers] - values[sample], axis=1)
            assert neighbour in peers[np.argsort(distance)[1:3]]

    def test_classes_of_equal_size(self, cpm: ad.AnnData) -> None:
        sizes = cpm.obs.groupby("tissue", observed=True).cumcount()
        adata = cpm[(sizes < 30)].copy()
        pp.oversample(adata)
        assert (table(adata)["mix"] == 0).all()
        assert len(table(adata)) == (adata.obs["split"] == "train").sum()

    def test_class_of_two(self, cpm: ad.AnnData) -> None:
        members = np.flatnonzero((cpm.obs["tissue"] == "Liver") & (cpm.obs["split"] == "train"))
        adata = cpm[np.setdiff1d(np.arange(cpm.n_obs), members[2:])].copy()
        pp.oversample(adata)
        counts = adata.uns["tissueshap"]["oversample"]["counts"].set_index("class")
        assert counts.loc["Liver", "n_train"] == 2
        assert counts["n_balanced"].min() >= counts["n_balanced"].max() - 1

    def test_class_of_one_is_refused(self, cpm: ad.AnnData) -> None:
        members = np.flatnonzero((cpm.obs["tissue"] == "Liver") & (cpm.obs["split"] == "train"))
        adata = cpm[np.setdiff1d(np.arange(cpm.n_obs), members[1:])].copy()
        with pytest.raises(DataError, match=r"needs 2 training samples .*\['Liver'\].*'random'"):
            pp.oversample(adata)
        pp.oversample(adata, method="random")


class TestOtherMethods:
    def test_random_repeats_up_to_the_largest(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, method="random")
        counts = cpm.uns["tissueshap"]["oversample"]["counts"]
        assert (counts["n_balanced"] == counts["n_train"].max()).all()
        rows = table(cpm)
        assert (rows["mix"] == 0).all()
        assert set(rows["sample"]) == set(np.flatnonzero(cpm.obs["split"] == "train"))

    def test_undersample_draws_down_to_the_smallest(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, method="undersample")
        counts = cpm.uns["tissueshap"]["oversample"]["counts"]
        assert (counts["n_balanced"] == counts["n_train"].min()).all()
        assert table(cpm)["sample"].is_unique

    def test_class_weights_give_classes_the_same_weight(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, method="class_weight")
        rows = table(cpm)
        tissue = cpm.obs["tissue"].to_numpy(str)[rows["sample"]]
        assert np.allclose(rows["weight"].groupby(tissue).sum(), len(rows) / 4)
        assert rows["weight"].sum() == pytest.approx(len(rows))
        # n / (k n_c), as scikit-learn's "balanced"
        n_liver = (tissue == "Liver").sum()
        assert rows["weight"][tissue == "Liver"].iloc[0] == pytest.approx(len(rows) / 4 / n_liver)

    def test_none_takes_all_as_they_are(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, method="none")
        assert table(cpm)["sample"].tolist() == np.flatnonzero(cpm.obs["split"] == "train").tolist()

    @pytest.mark.parametrize("method", ["random", "undersample"])
    def test_seed_decides(self, cpm: ad.AnnData, method: str) -> None:
        drawn = []
        for seed in (1, 1, 2):
            pp.oversample(cpm, method=method, seed=seed)
            drawn.append(table(cpm)["sample"].tolist())
        assert drawn[0] == drawn[1] != drawn[2]


class TestRefused:
    def test_unknown_names(self, cpm: ad.AnnData) -> None:
        with pytest.raises(
            DataError, match="method must be one of 'smote', .* or 'none', not 'adasyn'"
        ):
            pp.oversample(cpm, method="adasyn")
        with pytest.raises(DataError, match="engine must be 'tissueshap' or 'smote_variants'"):
            pp.oversample(cpm, engine="imblearn")

    def test_one_class(self, cpm: ad.AnnData) -> None:
        with pytest.raises(DataError, match=r"only one class, \['Liver'\]"):
            pp.oversample(cpm[cpm.obs["tissue"] == "Liver"].copy())

    def test_before_split(self, toy: ad.AnnData) -> None:
        with pytest.raises(MissingSlotError, match=r"ts\.pp\.split\(adata\)"):
            pp.oversample(toy)

    def test_before_tmm(self, cpm: ad.AnnData) -> None:
        del cpm.layers["tmm"]
        with pytest.raises(MissingSlotError, match=r"ts\.pp\.tmm\(adata\)"):
            pp.oversample(cpm)


class TestExpand:
    def test_rows_are_mixed_and_logged(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm)
        expected = np.log2(mixed(cpm) + 20)
        found = pp.expand(cpm, slice(None))
        assert found.dtype == np.float32
        assert np.allclose(found, expected, atol=5e-5)

    def test_real_rows_equal_the_layer(self, cpm: ad.AnnData) -> None:
        pp.log2(cpm)
        pp.oversample(cpm)
        train = np.flatnonzero(cpm.obs["split"] == "train")
        found = pp.expand(cpm, np.arange(len(train)))
        assert np.array_equal(found, cpm.layers["log2"][train])

    def test_by_position_and_by_row(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, key_added="mine")
        rows = cpm.uns["tissueshap"]["mine"]["table"]
        chosen = [len(rows) - 1, 0, 100]
        found = pp.expand(cpm, chosen, key_added="mine")
        assert np.array_equal(found, pp.expand(cpm, rows.iloc[chosen], key_added="mine"))
        everything = pp.expand(cpm, slice(None), key_added="mine")
        assert np.array_equal(found, everything[chosen])

    def test_other_transform(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm, method="none")
        train = cpm.obs["split"] == "train"
        expected = np.log2(cpm.layers["tmm"][train] + 1)
        assert np.allclose(pp.expand(cpm, slice(None), offset=1, shift=0), expected, atol=1e-5)

    def test_layer_is_left_alone(self, cpm: ad.AnnData) -> None:
        before = cpm.layers["tmm"].copy()
        pp.oversample(cpm)
        pp.expand(cpm, slice(None))
        assert np.array_equal(cpm.layers["tmm"], before)

    def test_samples_dropped_since(self, cpm: ad.AnnData) -> None:
        pp.oversample(cpm)
        with pytest.raises(DataError, match="but 180 when its training table was made"):
            pp.expand(cpm[:100].copy(), slice(None))

    def test_survives_a_file(self, cpm: ad.AnnData, tmp_path: Path) -> None:
        pp.oversample(cpm)
        cpm.write_h5ad(tmp_path / "toy.h5ad")
        again = ad.read_h5ad(tmp_path / "toy.h5ad")
        assert np.array_equal(pp.expand(again, slice(None)), pp.expand(cpm, slice(None)))
