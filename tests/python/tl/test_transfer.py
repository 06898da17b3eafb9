"""Scores of a classifier on another cohort."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._core.errors import DataError, MissingSlotError
from tissueshap.tl import transfer

MAP = {"zone of skin": "Skin", "heart": "Heart", "atrium": "Heart"}


@pytest.fixture
def predicted() -> ad.AnnData:
    own = ["zone of skin"] * 3 + ["heart"] * 2 + ["atrium"] + ["Liver/left"] * 2 + ["tonsil"] * 2
    found = ["Skin", "Skin", "Lung", "Heart", "Heart", "Heart", "Liver/left", "Skin"]
    found += ["Lung", "Skin"]
    adata = ad.AnnData(
        np.zeros((10, 2)),
        obs=pd.DataFrame(
            {"tissue": own, "predicted": pd.Categorical(found)}, index=[f"s{i}" for i in range(10)]
        ),
    )
    classes = np.array(["Heart", "Liver/left", "Lung", "Skin"])
    adata.uns["tissueshap"] = {"label": "tissue", "predict": {"classes": classes}}
    return adata


def test_scores_by_hand(predicted, tmp_path) -> None:
    assert transfer(predicted, map=MAP) is None
    found = predicted.uns["tissueshap"]["transfer"]
    assert (found["n_correct"], found["n_scored"]) == (6, 8)
    assert found["accuracy"] == 0.75
    scores = found["per_class"].set_index("class")
    assert list(scores.index) == ["Heart", "Liver/left", "Skin"]
    assert scores.loc["Skin", ["n", "precision", "recall"]].tolist() == pytest.approx(
        [3, 2 / 3, 2 / 3]
    )
    assert found["macro_f1"] == pytest.approx((1 + 2 / 3 + 2 / 3) / 3)
    assert found["unknown"].values.tolist() == [["tonsil", "Lung", 1], ["tonsil", "Skin", 1]]
    pairs = found["map"].set_index("other")["class"].to_dict()
    assert pairs == {**MAP, "Liver/left": "Liver/left"}
    assert ["Skin", "Lung", 1] in found["confusion"].values.tolist()
    io.write_h5ad(predicted, tmp_path / "a.h5ad")
    back = io.read_h5ad(tmp_path / "a.h5ad").uns["tissueshap"]["transfer"]
    assert back["confusion"]["n"].sum() == 8


def test_without_unknown_classes(predicted, tmp_path) -> None:
    kept = predicted[predicted.obs["tissue"] != "tonsil"].copy()
    transfer(kept, map=MAP)
    assert len(kept.uns["tissueshap"]["transfer"]["unknown"]) == 0
    io.write_h5ad(kept, tmp_path / "a.h5ad")


def test_what_is_refused(predicted) -> None:
    with pytest.raises(DataError, match=r"map leads to \['Bone'\]"):
        transfer(predicted, map={"heart": "Bone"})
    kept = predicted[predicted.obs["tissue"] == "tonsil"].copy()
    with pytest.raises(DataError, match="no class is matched"):
        transfer(kept, map=MAP)
    del predicted.uns["tissueshap"]["predict"]
    with pytest.raises(MissingSlotError, match="predict"):
        transfer(predicted, map=MAP)


@pytest.fixture
def trained() -> ad.AnnData:
    """A training cohort of four classes, each with a gene of its own, and one more gene."""
    rng = np.random.default_rng(2)
    classes = ["Heart", "Liver/left", "Lung", "Skin"]
    codes = np.repeat(np.arange(4), 12)
    x = rng.normal(0, 0.3, (48, 5)).astype(np.float32)
    x[np.arange(48), codes] += 4
    adata = ad.AnnData(
        np.zeros((48, 5)),
        obs=pd.DataFrame(
            {
                "tissue": pd.Categorical(np.asarray(classes)[codes]),
                "split": pd.Categorical(np.tile(["train"] * 10 + ["test"] * 2, 4)),
            },
            index=[f"t{i}" for i in range(48)],
        ),
        var=pd.DataFrame(index=["g0", "g1", "g2", "g3", "only here"]),
        layers={"log2": x},
    )
    adata.uns["tissueshap"] = {"label": "tissue", "cnn": {"params": {"layer": "log2"}}}
    return adata


@pytest.fixture
def other(predicted) -> ad.AnnData:
    """`predicted` with the training cohort's genes in another order, one of them unknown."""
    classes = {"Heart": 0, "Liver/left": 1, "Lung": 2, "Skin": 3}
    x = np.zeros((10, 5), dtype=np.float32)
    for row, name in enumerate(predicted.obs["tissue"].replace(MAP)):
        if name in classes:
            x[row, classes[name]] = 4
    x[:, 4] = np.nan
    order = [3, 1, 0, 2, 4]
    names = np.array(["g0", "g1", "g2", "g3", "only here"])[order]
    adata = ad.AnnData(
        np.zeros((10, 5)), obs=predicted.obs, var=pd.DataFrame(index=names), uns=predicted.uns
    )
    adata.layers["harmonised"] = x[:, order]
    adata.uns["tissueshap"]["predict"]["params"] = {"layer": "harmonised"}
    return adata


def test_logistic_regression_is_scored_beside_the_classifier(other, trained, tmp_path) -> None:
    transfer(other, map=MAP, reference=trained)
    found = other.uns["tissueshap"]["transfer"]
    assert (found["n_correct"], found["n_scored"]) == (6, 8)
    # It learned from the training samples alone, on the genes that both have values of.
    assert found["baseline_n_correct"] == 8
    assert found["baseline_accuracy"] == found["baseline_macro_f1"] == 1
    assert found["baseline_n_genes"] == 4
    assert list(found["per_class"]["baseline_f1"]) == [1, 1, 1]
    assert "baseline_f1" in found["per_class"]
    io.write_h5ad(other, tmp_path / "a.h5ad")


def test_what_the_reference_must_be(other, trained) -> None:
    trained.var_names = [f"x{i}" for i in range(5)]
    with pytest.raises(DataError, match="shares no gene"):
        transfer(other, map=MAP, reference=trained)
    trained.obs["tissue"] = trained.obs["tissue"].cat.rename_categories({"Lung": "Bone"})
    with pytest.raises(DataError, match=r"does not know: \['Bone'\]"):
        transfer(other, map=MAP, reference=trained)
