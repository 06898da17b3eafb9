"""One reader and writer of the slots, for both hosts."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData, read_h5ad

from tissueshap._core import slots
from tissueshap._core.errors import DataError, MissingSlotError, TakenSlotError


@pytest.fixture
def adata():
    made = AnnData(np.arange(12, dtype=np.int32).reshape(4, 3))
    made.obs["tissue"] = pd.Categorical(["b", "a/x", "b", "a/x"])
    return made


def test_write_puts_each_value_in_its_slot_with_the_type_of_the_contract(adata):
    slots.write(
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
    slots.write(adata, "de", {"varm": {"de_fdr": frame}}, params={})
    adata.write_h5ad(tmp_path / "x.h5ad")
    from anndata import read_h5ad

    back = read_h5ad(tmp_path / "x.h5ad")
    again = slots.class_frame(back, "varm", "de_fdr", ["a/x", "b"])
    assert list(again.columns) == ["a/x", "b"]
    assert again["a/x"].tolist() == [1, 2, 3]


def test_nothing_is_written_when_one_value_does_not_fit(adata):
    with pytest.raises(ValueError):
        slots.write(
            adata,
            "tmm",
            {"obs": {"lib_size": [1, 2, 3, 4]}, "varm": {"de_fdr": pd.DataFrame({"a": [1.0]})}},
            params={},
        )
    assert "lib_size" not in adata.obs
    assert "tmm" not in adata.uns.get("tissueshap", {})


def test_key_added_goes_before_names(adata):
    slots.write(adata, "tmm", {"obs": {"lib_size": [1, 2, 3, 4]}}, params={}, key_added="run2")
    assert "run2_lib_size" in adata.obs
    assert list(slots.require(adata, "obs", "lib_size", key_added="run2")) == [1, 2, 3, 4]
    assert "run2" in adata.uns["tissueshap"]


def test_a_missing_slot_names_the_verb(adata):
    with pytest.raises(MissingSlotError, match=r"run ts\.pp\.log2\(adata\) first"):
        slots.require(adata, "layers", "log2")
    with pytest.raises(MissingSlotError, match=r"run ts\.tl\.de\(adata\) first"):
        slots.table(adata, "de", "counts")
    with pytest.raises(MissingSlotError, match=r"run ts\.pp\.oversample\(adata\) first"):
        slots.table(adata, "oversample", "table")
    with pytest.raises(MissingSlotError, match="key_added='run2'"):
        slots.table(adata, "run2", "counts")


def test_a_missing_layer_of_the_users_names_those_that_there_are(adata):
    adata.layers["counts"] = adata.X
    with pytest.raises(MissingSlotError, match=r"there are \['counts'\]"):
        slots.require(adata, "layers", "raw")


def test_label_is_remembered(adata):
    with pytest.raises(DataError, match="Pass label="):
        slots.label_name(adata, None)
    assert slots.label_name(adata, "tissue") == "tissue"
    assert slots.class_names(adata) == ["a/x", "b"]
    assert slots.class_codes(adata).tolist() == [1, 0, 1, 0]
    with pytest.raises(DataError, match="no column 'organ'"):
        slots.label_name(adata, "organ")


def test_looking_at_another_column_does_not_change_the_label(adata):
    slots.label_name(adata, "tissue")
    adata.obs["organ"] = ["x", "y", "y", "y"]
    assert slots.class_names(adata, "organ") == ["x", "y"]
    assert slots.class_codes(adata, "organ").tolist() == [0, 1, 1, 1]
    assert slots.label_of(adata) == "tissue"


def test_looking_leaves_nothing_behind(adata):
    with pytest.raises(MissingSlotError):
        slots.table(adata, "de", "counts")
    slots.class_names(adata, "tissue")
    assert "tissueshap" not in adata.uns


def test_missing_labels_are_named(adata):
    adata.obs["organ"] = ["x", None, "y", "y"]
    with pytest.raises(DataError, match=r"missing for samples \['1'\]"):
        slots.label_name(adata, "organ")


def test_frame_of_other_classes_is_refused(adata):
    slots.write(adata, "de", {"varm": {"de_fdr": pd.DataFrame({"b": [1.0, 2, 3]})}}, params={})
    with pytest.raises(DataError, match=r"no column for the classes \['a/x'\]"):
        slots.class_frame(adata, "varm", "de_fdr", ["a/x", "b"])


def test_subset_genes_keeps_what_passes(adata):
    slots.write(adata, "filter_genes", {"var": {"filter_pass": [True, False, True]}}, params={})
    slots.subset_genes(adata)
    assert adata.shape == (4, 2)


def test_x_is_none_of_the_layers(adata):
    adata.layers["counts"] = adata.X.copy()
    assert list(slots.items(adata, "layers")) == ["counts"]
    assert not slots.items(adata, "obsm")


def test_the_name_of_a_file_that_is_no_text_can_be_stored(toy, tmp_path):
    name = b"h\xe9.tsv".decode("utf-8", "surrogateescape")
    params = {"path": Path(name), "several": [Path(name)], "text": name}
    slots.write(toy, "thing", {}, params=params)
    toy.write_h5ad(tmp_path / "a.h5ad")
    held = toy.uns["tissueshap"]["thing"]["params"]
    assert held["path"] == held["text"] == held["several"][0] == "h\\xe9.tsv"


SLOTS = {"obs": ["lib_size"], "var": ["filter_pass"], "layers": ["tmm"], "varm": ["de_fdr"]}


def test_a_record_without_slots_lists_none_as_strings(toy, tmp_path):
    slots.write(toy, "compare", {"uns": {"n": 1}}, params={})
    toy.write_h5ad(tmp_path / "toy.h5ad")
    for adata in (toy, read_h5ad(tmp_path / "toy.h5ad")):
        listed = np.asarray(slots.record(adata)["compare"]["slots"])
        assert listed.shape == (0,)
        assert listed.dtype.kind in "OUT"


@pytest.mark.parametrize(("group", "key"), [(g, k) for g, keys in SLOTS.items() for k in keys])
def test_what_no_verb_wrote_is_not_replaced(adata, group, key):
    shape = {"obs": 4, "var": 3, "layers": (4, 3), "varm": (3, 2)}[group]
    getattr(adata, group)[key] = np.full(shape, 7.0)
    value = np.ones(shape)
    with pytest.raises(TakenSlotError, match=rf"{group}\['{key}'\] exists already.*key_added="):
        slots.write(adata, "tmm", {group: {key: value}}, params={})
    assert (np.asarray(getattr(adata, group)[key]) == 7).all()
    for _ in range(2):
        slots.write(adata, "tmm", {group: {key: value}}, params={}, key_added="run2")
    assert (np.asarray(getattr(adata, group)[key]) == 7).all()


def test_a_verb_can_be_run_again_whatever_came_between(adata, tmp_path):
    for _ in range(2):
        slots.write(adata, "tmm", {"obs": {"lib_size": [1, 2, 3, 4]}}, params={}, key_added="k")
    slots.write(adata, "evaluate", {}, params={}, key_added="k")  # takes the record's place
    slots.write(adata, "tmm", {"obs": {"lib_size": [5, 6, 7, 8]}}, params={}, key_added="k")
    adata.write_h5ad(tmp_path / "x.h5ad")
    from anndata import read_h5ad

    back = read_h5ad(tmp_path / "x.h5ad")[1:, :2].copy()
    slots.write(back, "tmm", {"obs": {"lib_size": [1, 2, 3]}}, params={}, key_added="k")
    assert list(back.obs["k_lib_size"]) == [1, 2, 3]


def test_records_of_earlier_versions_own_what_their_verb_writes(adata):
    adata.uns["tissueshap"] = {"tmm": {"params": {}}, "run2": {"params": {}}, "label": "tissue"}
    assert slots.owner(adata, "obs", "lib_size") == "tmm"
    assert slots.owner(adata, "obs", "run2_predicted") == "run2"
    assert slots.owner(adata, "obsm", "run2_X_umap_shap") == "run2"
    assert slots.owner(adata, "obs", "predicted") is None
    assert slots.owner(adata, "obs", "run2_mine") is None


def test_the_label_is_not_replaced_and_records_keep_their_names(adata):
    adata.obs["a_predicted"] = ["x", "y", "x", "y"]
    adata.uns["tissueshap"] = {"a": {"params": {}}}
    slots.label_name(adata, "a_predicted")
    with pytest.raises(TakenSlotError, match="a_predicted"):
        slots.begin(adata, "predict", key_added="a")
    for name in ("label", "split"):
        with pytest.raises(TakenSlotError, match="another record"):
            slots.begin(adata, "predict", key_added=name)


def test_an_embedding_of_scanpy_is_not_in_the_way(adata):
    adata.obsm["X_umap"] = np.zeros((4, 2))
    assert slots.begin(adata, "cluster") == {}


@pytest.mark.parametrize("name", ["split", "predicted", "confidence", "lib_size", "donor"])
def test_the_contracts_own_names_are_no_class_columns(adata, name):
    adata.obs[name] = ["x", "y", "x", "y"]
    with pytest.raises(DataError, match=f"label='{name}'.*reserved"):
        slots.label_name(adata, name)
    if name == "donor":
        assert list(slots.obs_column(adata, name, "groups")) == ["x", "y", "x", "y"]
    else:
        with pytest.raises(DataError, match=f"covariates='{name}'.*reserved"):
            slots.obs_column(adata, name, "covariates")


def test_donors_do_not_replace_another_column(adata):
    given = pd.Series(["d1", "d2", "d1", "d2"], index=adata.obs_names)
    slots.put_donors(adata.obs, given, "giver", "adata.obs")
    slots.put_donors(adata.obs, given, "giver", "adata.obs")
    with pytest.raises(TakenSlotError, match="'donor' in addition to 'giver'"):
        slots.put_donors(adata.obs, given[::-1].set_axis(given.index), "giver", "adata.obs")


def test_numbers_and_texts_of_one_name_are_one_class(adata):
    adata.obs["organ"] = pd.Series([1, "1", 2, "x"], dtype=object).to_numpy()
    assert slots.class_names(adata, "organ") == ["1", "2", "x"]
    assert slots.class_codes(adata, "organ").tolist() == [0, 0, 1, 2]


def test_a_column_that_is_there_twice_is_named(adata):
    adata.obs = pd.concat([adata.obs, adata.obs], axis=1)
    with pytest.raises(DataError, match="column 'tissue' twice"):
        slots.class_names(adata, "tissue")


@pytest.mark.parametrize("classes", [["liver", "liver ", "x", "x"], ["1", "1.0", "2", "2"]])
def test_classes_that_look_alike_are_refused(adata, classes):
    adata.obs["organ"] = classes
    with pytest.raises(DataError, match=f"differ only by .*{re.escape(repr(classes[:2]))}"):
        slots.class_names(adata, "organ")


def test_classes_are_in_the_order_of_their_categories(adata, caplog):
    adata.obs["stage"] = pd.Categorical(
        ["late", "early", "late", "early"], categories=["early", "middle", "late"]
    )
    with caplog.at_level("INFO", logger="tissueshap"):
        assert slots.label_name(adata, "stage") == "stage"
        assert slots.label_name(adata, "stage") == "stage"
    assert [entry.getMessage() for entry in caplog.records] == [
        "adata.obs['stage'] has 1 classes without samples, which are left out: ['middle']"
    ]
    assert slots.class_names(adata, "stage") == ["early", "late"]
    assert slots.class_codes(adata, "stage").tolist() == [1, 0, 1, 0]


def test_classes_that_differ_by_a_slash_and_a_bar_are_two(adata):
    adata.obs["cell"] = ["a/b", "a|b", "a/b", "a|b"]
    classes = slots.class_names(adata, "cell")
    assert classes == ["a/b", "a|b"]
    values = pd.DataFrame({"a|b": [1.0, 2, 3], "a/b": 0.0})
    slots.write(adata, "de", {"varm": {"de_fdr": values}}, params={"label": "cell"})
    found = slots.class_frame(adata, "varm", "de_fdr", classes)
    assert list(found) == classes
    assert found["a/b"].tolist() == [0, 0, 0]
    assert found["a|b"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("key", "key_added", "name"),
    [
        ("shap", None, "shap"),
        ("shap", "run2", "run2_shap"),
        ("shap", "log_shap", "log_shap"),
        ("shap_median", "log_shap", "log_shap_median"),
        ("shap_rank", "a_shap_rank", "a_shap_rank"),
        ("filter_pass", "filter", "filter_filter_pass"),
        ("shap", "a_", "a__shap"),
    ],
)
def test_a_prefix_is_not_repeated(key, key_added, name):
    assert slots.named(key, key_added) == name


def test_the_layer_x_is_the_matrix_x(adata):
    np.testing.assert_array_equal(slots.require(adata, "layers", "X"), adata.X)
    adata.layers["X"] = adata.X + 1
    np.testing.assert_array_equal(slots.require(adata, "layers", "X"), adata.X + 1)
    del adata.layers["X"], adata.X
    with pytest.raises(MissingSlotError, match=r"adata\.layers\['X'\] is missing: there are"):
        slots.require(adata, "layers", "X")
