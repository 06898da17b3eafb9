"""Scores of a classifier on another cohort."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap import io
from tissueshap._errors import DataError, MissingSlotError
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
