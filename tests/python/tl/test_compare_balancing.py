"""One training a method, on one split, with nothing left behind."""

from __future__ import annotations

import numpy as np
import pytest

from tissueshap import pp
from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.tl import cnn, compare_balancing, evaluate, predict


@pytest.fixture
def ready(toy):
    depth = toy.X.sum(axis=1, keepdims=True)
    slots.write(toy, "tmm", {"layers": {"tmm": toy.X / depth * 1e6}}, params={})
    pp.log2(toy)
    pp.split(toy, n_test=10)
    return toy


def test_each_method_once_and_nothing_disturbed(ready):
    pp.oversample(ready, method="random")
    before = ready.uns["tissueshap"]["oversample"]["table"].copy()
    assert compare_balancing(ready, preset="small", epochs=2) is None
    record = ready.uns["tissueshap"]
    assert set(record) == {"label", "tmm", "log2", "split", "oversample", "compare_balancing"}
    assert record["oversample"]["table"].equals(before)
    assert "predicted" not in ready.obs
    found = record["compare_balancing"]
    rows = found["summary"].set_index("method")["n_train"]
    # 20 to 50 training samples of each of four classes.
    assert rows.to_dict() == {
        "none": 140,
        "class_weight": 140,
        "undersample": 80,
        "random": 200,
        "smote": rows["smote"],
    }
    assert 196 <= rows["smote"] <= 200
    table = found["per_class"]
    assert table.groupby("method").size().to_dict() == dict.fromkeys(rows.index, 4)
    sizes = table[table["method"] == "smote"].set_index("class")["n_train"]
    assert sizes["Liver"] == 30
    means = table.groupby("method")["f1"].mean()
    summary = found["summary"].set_index("method")
    assert np.allclose(means[summary.index], summary["macro_f1"])


@pytest.mark.parametrize("method", ["smote", "class_weight"])
def test_scores_are_those_of_the_verbs_one_by_one(ready, method):
    compare_balancing(ready, methods=[method], preset="small", epochs=2, seed=7)
    pp.oversample(ready, method=method, seed=7)
    model = cnn(ready, preset="small", epochs=2, seed=7)
    predict(ready, model)
    evaluate(ready, baseline=False)
    record = ready.uns["tissueshap"]
    row = record["compare_balancing"]["summary"].iloc[0]
    assert row["macro_f1"] == pytest.approx(record["evaluate"]["macro_f1"])
    assert row["accuracy"] == pytest.approx(record["evaluate"]["accuracy"])


def test_log_values_alone(ready):
    del ready.layers["tmm"]
    compare_balancing(ready, methods="smote", preset="small", epochs=1, mixed="log2")
    assert len(ready.uns["tissueshap"]["compare_balancing"]["summary"]) == 1


def test_what_is_refused(ready):
    with pytest.raises(DataError, match="choose among"):
        compare_balancing(ready, methods=["smot"])
    ready.obs["split"] = "train"
    with pytest.raises(DataError, match="no sample is held out"):
        compare_balancing(ready)
