"""The ceiling of rankings by effect size, on profiles of which the answer is known."""

from __future__ import annotations

import importlib

import pandas as pd
import pytest

from .conftest import FOLDER


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        return importlib.import_module("bench_ceiling")


def test_every_score_finds_what_one_tissue_alone_has(bench):
    genes = [f"g{number}" for number in range(100)]
    tpm = pd.DataFrame(5.0, genes, ["Heart", "Liver", "Lung"])
    specific = {name: set(genes[20 * k : 20 * k + 20]) for k, name in enumerate(tpm)}
    for name, own in specific.items():
        tpm.loc[sorted(own), name] = 500.0
    found = bench.scores(tpm, 20)
    assert {name: bench.share(score, specific) for name, score in found.items()} == dict.fromkeys(
        found, 1.0
    )
    swapped = {"Heart": specific["Liver"], "Liver": specific["Lung"], "Lung": specific["Heart"]}
    assert bench.share(found["minus the mean"], swapped) == 0


def test_other_tissues_are_the_highest_without_the_own(bench):
    logs = pd.DataFrame({"a": [3.0], "b": [2.0], "c": [0.5]}, ["g"])
    assert bench._minus_other(logs, 1).to_numpy().tolist() == [[1.0, -1.0, -2.5]]
    assert bench._minus_other(logs, 2).to_numpy().tolist() == [[2.5, 1.5, -1.5]]
