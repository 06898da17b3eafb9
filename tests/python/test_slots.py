"""One reader and writer of the slots, for both hosts."""

import re

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from tissueshap import _slots
from tissueshap._errors import DataError, MissingSlotError


@pytest.fixture
def adata():
    made = AnnData(np.arange(12, dtype=np.int32).reshape(4, 3))
    made.obs["tissue"] = pd.Categorical(["b", "a/x", "b", "a/x"])
    return made


def test_write_puts_each_value_in_its_slot_with_the_type_of_the_contract(adata):
    _slots.write(
        adata,
        "tmm",
        {
            "obs": {"lib_size": [1, 2, 3, 4]},
            "var": {"filter_pass": [1, 0, 1]},
            "layers": {"tmm": np.ones((4, 3))},
            "uns": {"reference": pd.DataFrame({"gene": ["x"], "count": [1]})},
        },
        params={"reference": None, "trim": 0.3},
        seed=7,
        versions={"edgeR": "3.40"},
    )
    assert adata.obs["lib_size"].dtype == np.float64
    assert adata.var["filter_pass"].dtype == bool
    assert adata.layers["tmm"].dtype == np.float32
    entry = adata.uns["tissueshap"]["tmm"]
    assert entry["params"] == {"trim": 0.3}
    assert entry["seed"] == 7
    assert entry["versions"]["edgeR"] == "3.40"
    assert entry["reference"].loc[0, "gene"] == "x"


def test_class_frames_survive_a_slash(adata, tmp_path):
    frame = pd.DataFrame({"a/x": [1.0, 2, 3], "b": [4.0, 5, 6]})
    _slots.write(adata, "de", {"varm": {"de_fdr": frame}}, params={})
    adata.write_h5ad(tmp_path / "x.h5ad")
    from anndata import read_h5ad

    back = read_h5ad(tmp_path / "x.h5ad")
    again = _slots.class_frame(back, "varm", "de_fdr", ["a/x", "b"])
    assert list(again.columns) == ["a/x", "b"]
    assert again["a/x"].tolist() == [1, 2, 3]


def test_nothing_is_written_when_one_value_does_not_fit(adata):
    with pytest.raises(ValueError):
        _slots.write(
            adata,
            "tmm",
            {"obs": {"lib_size": [1, 2, 3, 4]}, "varm": {"de_fdr": pd.DataFrame({"a": [1.0]})}},
            params={},
        )
    assert "lib_size" not in adata.obs
    assert "tmm" not in adata.uns.get("tissueshap", {})


def test_key_added_goes_before_names(adata):
    _slots.write(adata, "tmm", {"obs": {"lib_size": [1, 2, 3, 4]}}, params={}, key_added="run2")
    assert "run2_lib_size" in adata.obs
    assert list(_slots.require(adata, "obs", "lib_size", key_added="run2")) == [1, 2, 3, 4]
    assert "run2" in adata.uns["tissueshap"]


def test_a_missing_slot_names_the_verb(adata):
    with pytest.raises(MissingSlotError, match=r"run ts\.pp\.log2\(adata\) first"):
        _slots.require(adata, "layers", "log2")
    with pytest.raises(MissingSlotError, match=r"run ts\.tl\.de\(adata\) first"):
        _slots.table(adata, "de", "counts")
    with pytest.raises(MissingSlotError, match=r"run ts\.pp\.oversample\(adata\) first"):
        _slots.table(adata, "oversample", "table")
    with pytest.raises(MissingSlotError, match="key_added='run2'"):
        _slots.table(adata, "run2", "counts")


def test_a_missing_layer_of_the_users_names_those_that_there_are(adata):
    adata.layers["counts"] = adata.X
    with pytest.raises(MissingSlotError, match=r"there are \['counts'\]"):
        _slots.require(adata, "layers", "raw")


def test_label_is_remembered(adata):
    with pytest.raises(DataError, match="Pass label="):
        _slots.label_name(adata, None)
    assert _slots.label_name(adata, "tissue") == "tissue"
    assert _slots.class_names(adata) == ["a/x", "b"]
    assert _slots.class_codes(adata).tolist() == [1, 0, 1, 0]
    with pytest.raises(DataError, match="no column 'organ'"):
        _slots.label_name(adata, "organ")


def test_looking_at_another_column_does_not_change_the_label(adata):
    _slots.label_name(adata, "tissue")
    adata.obs["organ"] = ["x", "y", "y", "y"]
    assert _slots.class_names(adata, "organ") == ["x", "y"]
    assert _slots.class_codes(adata, "organ").tolist() == [0, 1, 1, 1]
    assert _slots.label_of(adata) == "tissue"


def test_looking_leaves_nothing_behind(adata):
    with pytest.raises(MissingSlotError):
        _slots.table(adata, "de", "counts")
    _slots.class_names(adata, "tissue")
    assert "tissueshap" not in adata.uns


def test_missing_labels_are_named(adata):
    adata.obs["organ"] = ["x", None, "y", "y"]
    with pytest.raises(DataError, match=r"missing for samples \['1'\]"):
        _slots.label_name(adata, "organ")


def test_frame_of_other_classes_is_refused(adata):
    _slots.write(adata, "de", {"varm": {"de_fdr": pd.DataFrame({"b": [1.0, 2, 3]})}}, params={})
    with pytest.raises(DataError, match=r"no column for the classes \['a\|x'\]"):
        _slots.class_frame(adata, "varm", "de_fdr", ["a/x", "b"])


def test_subset_genes_keeps_what_passes(adata):
    _slots.write(adata, "filter_genes", {"var": {"filter_pass": [True, False, True]}}, params={})
    _slots.subset_genes(adata)
    assert adata.shape == (4, 2)


def test_x_is_none_of_the_layers(adata):
    adata.layers["counts"] = adata.X.copy()
    assert list(_slots.items(adata, "layers")) == ["counts"]
    assert not _slots.items(adata, "obsm")


def test_numbers_and_text_of_one_name_are_one_class(adata):
    adata.obs["organ"] = pd.Series([1, "1", "2", 2], index=adata.obs_names, dtype=object)
    assert _slots.class_names(adata, "organ") == ["1", "2"]
    assert _slots.class_codes(adata, "organ").tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    "classes", [["liver", "liver ", "x", "x"], ["1", "1.0", "2", "2"], ["a/b", "a|b", "x", "x"]]
)
def test_classes_that_look_alike_are_refused(adata, classes):
    adata.obs["organ"] = classes
    with pytest.raises(DataError, match=f"differ only by .*{re.escape(repr(classes[:2]))}"):
        _slots.class_names(adata, "organ")
