from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tissueshap import io, pp, tl
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, check_number, check_order, shown, wrong_type


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_numbers_within_the_limits_pass(value: Any) -> None:
    check_number("x", value, low=0, high=1)


@pytest.mark.parametrize(
    ("value", "limits", "words"),
    [
        (2, {"low": 0, "high": 1}, "x must be a number between 0 and 1, not 2"),
        (-1, {"low": 0}, "x must be a number of at least 0, not -1"),
        (3, {"high": 2}, "x must be a number of at most 2, not 3"),
        (1.5, {"low": 1, "integer": True}, "x must be an integer of at least 1, not 1.5"),
        (float("nan"), {}, "x must be a number, not nan"),
        (float("inf"), {"integer": True}, "x must be an integer, not inf"),
        ("1", {}, "x must be a number, not '1'"),
        (True, {}, "x must be a number, not True"),
        (None, {}, "x must be a number, not None"),
    ],
)
def test_others_are_named(value: Any, limits: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        check_number("x", value, **limits)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("choices", "other", "words"),
    [
        (("a",), "", "x must be 'a', not 'z'"),
        (("a", "b"), "", "x must be 'a' or 'b', not 'z'"),
        (("a", "b", "c"), "", "x must be one of 'a', 'b' or 'c', not 'z'"),
        (("a", "b"), "a matrix", "x must be 'a', 'b' or a matrix, not 'z'"),
    ],
)
def test_a_bad_choice_is_named_with_the_choices(
    choices: tuple[str, ...], other: str, words: str
) -> None:
    check_choice("x", "a", choices, other=other)
    with pytest.raises(DataError) as caught:
        check_choice("x", "z", choices, other=other)
    assert str(caught.value) == words
    with pytest.raises(DataError, match="not \\['a'\\]"):
        check_choice("x", ["a"], choices)


def test_a_wrong_type_is_named() -> None:
    assert str(wrong_type("x", 3, "a path")) == "x must be a path, not of type int"
    assert str(wrong_type("x", 3, "a path", "read it")).endswith("not of type int: read it")


def test_the_lower_limit_is_not_above_the_higher() -> None:
    check_order("a", 1, "b", 1)
    with pytest.raises(DataError, match="a must be at most b, not 2 and 1"):
        check_order("a", 2, "b", 1)


def test_a_long_value_is_cut() -> None:
    assert len(shown(["x"] * 10_000)) < 100
    assert shown("x") == "'x'"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: tl.de(a, fdr=2), "fdr must be a number between 0 and 1, not 2"),
        (lambda a: tl.de(a, lfc=-1), "lfc must be a number of at least 0, not -1"),
        (lambda a: tl.de(a, lfc_test=float("inf")), "lfc_test must be"),
        (lambda a: tl.enrich(a, {}, min_size=9, max_size=8), "min_size must be at most max_size"),
        (lambda a: tl.enrich(a, {}, pvalue_cutoff=5), "pvalue_cutoff must be"),
        (lambda a: tl.null_test(a, n_sets=0), "n_sets must be an integer of at least 1"),
        (lambda a: tl.cluster(a, n_starts=0.5), "n_starts must be an integer of at least 1"),
        (lambda a: pp.filter_genes(a, min_reads=-1), "min_reads must be a number of at least 0"),
        (lambda a: pp.filter_genes(a, min_samples=1.5), "min_samples must be an integer"),
        (lambda _: io.read_edges("a.tsv", score=400), "score must be a number between 0 and 1"),
    ],
)
def test_verbs_say_it_alike(toy: Any, call: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        call(toy)


@pytest.mark.parametrize("key", ["a/b", "", ".", "..", "a\0b", 3])
def test_a_name_that_files_cannot_hold_is_refused(toy: Any, key: Any) -> None:
    toy.uns["tissueshap"] = {}
    with pytest.raises(DataError, match="key_added must be a name without /"):
        pp.split(toy, "tissue", n_test=5, key_added=key)
    assert set(toy.uns["tissueshap"]) <= {"label"}
    assert not [name for name in toy.obs if "split" in name]
