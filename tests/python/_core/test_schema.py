"""The schema is the one source of the slots' names."""

import re
from pathlib import Path

import pytest

from tissueshap._core import schema

ROOT = Path(__file__).parents[3]


def test_every_slot_has_type_writer_and_description():
    contract = schema.load()
    for group in ("obs", "var", "layers", "obsm", "varm", "uns"):
        for key, entry in contract[group].items():
            assert set(entry) - {"from"} == {"dtype", "by", "doc"}, f"{group}/{key}"
            assert re.fullmatch(r"(io|pp|tl)\.\w+", entry["by"]), f"{group}/{key}"


def test_attribute_is_the_name():
    assert schema.layers.tmm == "tmm"
    assert schema.obsm.X_umap == "X_umap"


def test_a_misspelt_slot_is_an_error():
    with pytest.raises(AttributeError, match="layers\\['tnm'\\]"):
        _ = schema.layers.tnm


def test_written_by_names_the_verb():
    assert schema.written_by("varm", "de_fdr") == "tl.de"
    assert schema.written_by("varm", "somebody_elses") is None


def test_every_verb_has_its_record():
    from tissueshap import pp, tl

    verbs = {f"pp.{name}" for name in pp.__all__ if name != "expand"}
    verbs |= {f"tl.{name}" for name in tl.__all__}
    assert {entry["by"] for entry in schema.load()["uns"].values()} == verbs


AWKWARD = [
    "a/b",
    "a|b",
    "a%7Cb",
    "a%257Cb",
    "a%2Fb",
    "a%b",
    "%",
    "%7C",
    "|",
    "/",
    "%25",
    "||",
    "%|",
]


def test_no_two_classes_share_a_column():
    columns = [schema.column(name) for name in AWKWARD]
    assert len(set(columns)) == len(AWKWARD)
    assert not any("/" in column for column in columns)
    assert schema.columns_in(AWKWARD, columns) == dict(zip(AWKWARD, columns, strict=True))


def test_columns_of_earlier_versions_are_found():
    assert schema.columns_in(["a/b", "c|d", "e"], ["a|b", "c|d"]) == {"a/b": "a|b", "c|d": "c|d"}
    # the column of a/b is no other class's
    assert schema.columns_in(["a/b", "a|b"], ["a|b"]) == {"a/b": "a|b"}
    assert schema.key_of("X_umap", "c|d", ["X_umap_c|d"]) == "X_umap_c|d"
    assert schema.key_of("X_umap", "c|d", ["X_umap_c%7Cd", "X_umap_c|d"]) == "X_umap_c%7Cd"
    assert schema.key_of("X_umap", "c|d", []) == "X_umap_c%7Cd"


def test_column_never_holds_a_slash():
    assert schema.column("CD8+/CD45RA+ Naive") == "CD8+|CD45RA+ Naive"
    assert schema.column("Brain - Cortex") == "Brain - Cortex"


@pytest.mark.parametrize("folder", ["python/tissueshap", "R"])
def test_contract_is_not_written_twice(folder):
    """A slot name that is unmistakable appears in the schema alone."""
    unmistakable = ["shap_median", "de_logfc", "norm_factor"]
    for path in (ROOT / folder).rglob("*.py" if folder.startswith("python") else "*.R"):
        text = path.read_text(encoding="utf-8")
        for name in unmistakable:
            literal = re.search(rf"""(varm|obs)\[['"]{name}['"]\]\s*=[^=]""", text)
            assert literal is None, f"{path} writes {name!r} without the schema"
