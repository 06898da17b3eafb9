"""How the steps pass settings on to the verbs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anndata import AnnData

from tissueshap._errors import DataError
from tissueshap.model import PRESETS
from tissueshap.workflow import Config
from tissueshap.workflow._biology import steps as biology
from tissueshap.workflow._inputs import need_columns
from tissueshap.workflow._job import Job
from tissueshap.workflow._steps import _preset


def _job(n_train: int, **options: Any) -> Job:
    return cast(Job, SimpleNamespace(config=Config(**options), n_train=lambda: n_train))


@pytest.mark.parametrize(("n_train", "like"), [(5000, "default"), (100, "small")])
def test_standardising_is_all_that_changes(n_train: int, like: str) -> None:
    expected = replace(PRESETS[like], name="default", standardise="none")
    assert _preset(_job(n_train, standardise="none")) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"gene_sets": ["a.gmt"]}, ["enrich", "exclusive"]),
        ({"go": True}, ["exclusive"]),
        ({"enrich_engine": "reactomepa"}, ["enrich", "exclusive"]),
        ({"interactions": "a.tsv"}, ["ppi"]),
    ],
)
def test_the_biology_that_is_asked_for(options: dict[str, Any], expected: list[str]) -> None:
    assert list(biology(Config(**options))) == expected


def test_columns_are_asked_for_before_the_work(toy: AnnData) -> None:
    need_columns(toy, ("tissue", None))
    with pytest.raises(DataError, match=r"no columns \['age'\]; they have \['tissue'"):
        need_columns(toy, ("tissue", "age", None))
