"""Values of Python as plain parts that the R package understands, and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from tissueshap._bridge.elements import decode, encode


@pytest.mark.parametrize(
    ("column", "kind", "again"),
    [
        (pd.Series([True, False, True]), "numbers", "bool"),
        (pd.Series([1, 2, 3], dtype="int8"), "numbers", "int32"),
        (pd.Series([1, 2, 2**40]), "numbers", "float64"),
        (pd.Series([0.5, np.nan, 2], dtype="float32"), "numbers", "float64"),
        (pd.Series(["é/1", "", "c"]), "strings", None),
        (pd.Series([True, None, False], dtype="boolean"), "nullable", "boolean"),
        (pd.Series([1, None, 3], dtype="Int64"), "nullable", "Int32"),
        (pd.Series(pd.Categorical(["b", None, "a"], ["b", "a"], ordered=True)), "factor", None),
        (pd.Series(pd.Categorical(["b", "a", "a"])), "factor", None),
    ],
)
def test_a_column_comes_back(column, kind, again):
    element = encode(column)
    assert element["kind"] == kind
    if kind == "strings":
        element["shape"] = [3]  # R names it
    found = pd.Series(decode(element))
    pd.testing.assert_series_equal(found, column.astype(again or column.dtype))


def test_missing_texts_are_marked():
    element = encode(pd.Series(["a", None, np.nan]))
    assert element["values"] == ["a", "", ""]
    assert element["missing"].tolist() == [False, True, True]
    assert encode(pd.Series([0.5, None], dtype="Float64"))["values"][0] == 0.5


@pytest.mark.parametrize(
    ("arrow", "plain"),
    [
        (pd.Series([0.5, None], dtype="double[pyarrow]"), pd.Series([0.5, np.nan])),
        (pd.Series([1, None], dtype="int64[pyarrow]"), pd.Series([1, None], dtype="Int64")),
        (pd.Series([1, 2], dtype="int64[pyarrow]"), pd.Series([1, 2], dtype="Int64")),
        (pd.Series([True, None], dtype="bool[pyarrow]"), pd.Series([True, None], dtype="boolean")),
        (pd.Series(["a", None], dtype="string[pyarrow]"), pd.Series(["a", None], dtype=object)),
        (pd.Series(["a", "b"], dtype="string[pyarrow]"), pd.Series(["a", "b"], dtype=object)),
    ],
)
def test_a_column_of_arrow_is_as_any_other(arrow, plain):
    found, expected = encode(arrow), encode(plain)
    assert found["kind"] == expected["kind"]
    np.testing.assert_array_equal(found["values"], expected["values"])
    assert list(found.get("missing", ())) == list(expected.get("missing", ()))


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix])
def test_a_sparse_matrix_keeps_its_format(kind):
    matrix = kind(np.array([[0, 1, 0], [2, 0, 3]]))
    found = decode(encode(matrix))
    assert found.format == matrix.format
    assert found.shape == (2, 3)
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())


def test_nested_values_come_back():
    given = {
        "table": pd.DataFrame({"class": ["a/b", "c"], "n": [1, 2]}, index=["x", "y"]),
        "record": np.rec.fromarrays([[1, 2], ["a", "b"]], names="p,q"),
        "scalars": {"one": 1, "half": 0.5, "yes": np.True_, "text": "ü", "large": 2**40},
        "vector": np.arange(3.0),
        "matrix": np.arange(6).reshape(2, 3),
        "nothing": None,
    }
    element = encode(given)
    assert sorted(element["items"]) == ["matrix", "record", "scalars", "table", "vector"]
    assert element["items"]["record"]["columns"]["p"]["values"].tolist() == [1, 2]
    element["items"]["table"]["columns"]["class"]["shape"] = [2]
    del element["items"]["record"]
    found = decode(element)
    pd.testing.assert_frame_equal(
        found["table"], given["table"], check_dtype=False, check_index_type=False
    )
    assert found["scalars"] == given["scalars"]
    np.testing.assert_array_equal(found["matrix"], given["matrix"])


def test_texts_in_a_matrix_go_down_the_columns():
    values = np.array([["a", "b"], ["c", "d"]])
    element = encode(values)
    assert element["values"] == ["a", "c", "b", "d"]
    np.testing.assert_array_equal(decode(element), values)
