"""How the steps pass settings on to the verbs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from scipy import sparse

from tissueshap import datasets, io, tl
from tissueshap._core.errors import DataError
from tissueshap.model import PRESETS
from tissueshap.model._presets import for_size
from tissueshap.workflow import Config
from tissueshap.workflow._biology import steps as biology
from tissueshap.workflow._inputs import need_columns, need_samples, round_counts
from tissueshap.workflow._job import Job
from tissueshap.workflow._steps import network, read, shap


def _job(n_train: int, **options: Any) -> Job:
    return cast(
        Job,
        SimpleNamespace(
            config=Config(**options), n_train=lambda: n_train, adata=SimpleNamespace(n_vars=100)
        ),
    )


@pytest.mark.parametrize(("n_train", "like"), [(5000, "default"), (100, "small")])
def test_standardising_is_all_that_changes(n_train: int, like: str) -> None:
    expected = for_size(PRESETS["default"], n_train, 100).changed(standardise="none")
    assert expected.widths == PRESETS[like].widths
    assert network(_job(n_train, standardise="none")) == expected


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


def test_the_truth_of_simulated_data_reaches_the_report(tmp_path: Path) -> None:
    adata = datasets.simulate(60, 80, tissues=["Heart", "Liver", "Lung"])
    io.write_h5ad(adata, tmp_path / "simulated.h5ad")
    options: dict[str, Any] = {"counts": str(tmp_path / "simulated.h5ad"), "label": "tissue"}
    job = Job(Config(**options, min_class_size=10, test_per_class=4), tmp_path, AnnData())
    read(job)
    assert set(job.adata.uns["truth"]["gene"]) == set(adata.uns["truth"]["gene"])


def test_columns_are_asked_for_before_the_work(toy: AnnData) -> None:
    need_columns(toy, ("tissue", None))
    with pytest.raises(DataError, match=r"no column 'age' for covariates or block="):
        need_columns(toy, ("tissue", "age", None))


def test_classes_too_small_for_the_paper_are_named_before_the_work(toy: AnnData) -> None:
    need_samples(toy, Config(min_class_size=25))
    with pytest.raises(DataError, match=r"needs 52 samples.*'CD8.*' \(50\), 'Liver' \(40\)"):
        need_samples(toy, Config(min_class_size=25, preset="paper"))


def test_what_is_explained_and_against_what(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(tl, "shap", lambda *_, **options: given.update(options))
    config = Config(
        explain_target="all", explain_output="logit", background="others", tolerance=0.05
    )
    job = SimpleNamespace(
        config=config, adata=None, classifier=None, result=lambda *_: pd.DataFrame(index=range(3))
    )
    assert shap(cast(Job, job)) == "3 samples explained"
    expected = {"target": "all", "output": "logit", "background": "others", "tolerance": 0.05}
    assert {key: given[key] for key in expected} == expected


@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_estimated_counts_of_an_anndata_are_rounded(form: Any) -> None:
    adata = AnnData(form(np.array([[0.4, 1.6], [2.0, 3.5]])))
    round_counts(adata)
    assert adata.X.tolist() == [[0, 2], [2, 4]]
    assert adata.uns["tissueshap"]["read_counts"]["n_rounded"] == 3
    assert Config(values="estimated").test == "edgeR_QL"
