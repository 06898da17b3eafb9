"""The examples of the public docstrings, run as they stand.

They begin with ``adata``, a simulated cohort on which the verbs have been run, its ``model``,
and ``other``, a second cohort; ``docs/api.md`` says so.
"""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

import tissueshap as ts

API = Path(__file__).resolve().parents[2] / "docs" / "api.md"
#: Names that docs/api.md lists: `io.read_counts`.
NAMES = re.findall(r"^   ([a-z]+\.\w+)$", API.read_text("utf-8"), flags=re.MULTILINE)
#: The whole method on real data takes minutes: the README's tests and the demo's run it. A hub
#: is on the network.
UNRUN = ("workflow.demo", "model.push", "model.pull")

pytestmark = pytest.mark.r


def cohorts() -> tuple[AnnData, AnnData, Any]:
    """Return a cohort with all results, a second one, and the classifier."""
    tissues = ["Heart", "Liver", "Lung"]
    adata, other = (ts.datasets.simulate(n, 150, tissues=tissues) for n in (120, 60))
    ts.pp.filter_genes(adata, subset=True)
    ts.pp.tmm(adata)
    ts.pp.split(adata)
    ts.pp.log2(adata)
    ts.pp.oversample(adata)
    model = ts.tl.cnn(adata, epochs=5)
    ts.tl.predict(adata, model)
    ts.tl.evaluate(adata)
    ts.tl.shap(adata, model, target="all", n_draws=50)
    ts.tl.rank_genes(adata)
    ts.tl.select_genes(adata, method="top_n", n_top=5)
    ts.tl.de(adata, lfc=1)
    ts.tl.compare(adata)
    ts.tl.cluster(adata, n_starts=5, n_random=2)
    ts.tl.null_test(adata, n_sets=19, n_starts=2, on="expression")
    genes = adata.var_names
    ts.tl.trust(adata, model, checks=["use", "randomisation"])
    ts.tl.compare_balancing(adata, methods=("none", "random"), epochs=1)
    ts.tl.enrich(adata, {"first": genes[:20], "second": genes[20:60]})
    ts.tl.ppi(adata, pd.DataFrame({"a": genes[:-1], "b": genes[1:], "score": 0.9}))
    other = other[:, genes].copy()
    other.obs_names = "T" + other.obs_names  # samples of another cohort have other names
    ts.pp.tmm(other, reference=adata)
    ts.pp.log2(other)
    ts.tl.predict(other, model)
    ts.tl.transfer(other)
    ts.tl.project(other, adata)
    background = adata.layers["log2"][adata.obs["split"] == "train"]
    ts.tl.shap(other, model, samples="all", background=background, n_draws=20)
    ts.tl.rank_genes(other)
    ts.tl.stability(adata, other)
    return adata, other, model


@pytest.fixture(scope="module")
def finished() -> tuple[AnnData, AnnData, Any]:
    return cohorts()


@pytest.fixture
def names(
    finished: tuple[AnnData, AnnData, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What an example may name; files go to a folder of its own."""
    adata, other, model = finished
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ts.settings, "figdir", tmp_path)
    return {
        **{"ts": ts, "np": np, "pd": pd, "Path": Path},
        **{"adata": adata.copy(), "other": other.copy(), "model": model},
    }


def example_of(name: str) -> doctest.DocTest:
    part, own = name.split(".")
    text = inspect.getdoc(getattr(getattr(ts, part), own)) or ""
    return doctest.DocTestParser().get_doctest(text, {}, name, None, None)


@pytest.mark.parametrize("name", NAMES)
def test_it_has_an_example(name):
    assert example_of(name).examples, f"ts.{name} has no Examples in its docstring"


@pytest.mark.parametrize("name", [name for name in NAMES if name not in UNRUN])
def test_the_example_gives_what_it_says(name, names):
    example = example_of(name)
    example.globs = names
    output: list[str] = []
    failures = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(
        example, out=output.append
    )
    assert failures.failed == 0, "".join(output)
