from __future__ import annotations

import json
from dataclasses import replace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tissueshap._core import slots
from tissueshap._core.errors import DataError
from tissueshap.model import Preparation


@pytest.fixture
def cohort(toy):
    """The toy with the records of pp.tmm and pp.log2, as these write them."""
    reference = pd.DataFrame({"gene": toy.var_names, "count": np.asarray(toy.X[0], np.float64)})
    slots.write(
        toy,
        "tmm",
        {
            "layers": {"tmm": toy.X / toy.X.sum(axis=1, keepdims=True) * 1e6},
            "uns": {"reference": reference, "reference_scale": 1.1, "reference_sample": "S000"},
        },
        params={"frozen": False},
    )
    slots.write(
        toy,
        "log2",
        {"layers": {"log2": np.log2(toy.layers["tmm"] + 20)}},
        params={"layer": "tmm", "offset": 20.0, "shift": 0.0},
    )
    return toy


@pytest.fixture
def preparation(cohort):
    return Preparation.of(cohort, "log2", np.arange(100))


def test_one_sample_alone_is_prepared_as_among_many(cohort, preparation):
    matched = preparation.match(cohort)
    whole = preparation.of_counts(cohort.X, matched)
    order = np.random.default_rng(0).permutation(cohort.n_obs)
    np.testing.assert_allclose(preparation.of_counts(cohort.X[order], matched), whole[order])
    for row in (0, 7, 100):
        alone = preparation.of_counts(cohort.X[row : row + 1], matched)
        np.testing.assert_allclose(alone[0], whole[row], atol=1e-6)


def test_the_reference_sample_has_its_own_factor(cohort, preparation):
    values = preparation.of_counts(cohort.X[:1], preparation.match(cohort))
    cpm = cohort.X[0] / (cohort.X[0].sum() * 1.1) * 1e6
    np.testing.assert_allclose(values[0], np.log2(cpm + 20), rtol=1e-6)


def test_missing_genes_have_their_median_and_do_not_move_the_others(cohort, preparation):
    whole = preparation.of_counts(cohort.X, preparation.match(cohort))
    loudest = int(np.argmax(cohort.X[0]))
    fewer = cohort[:, np.arange(cohort.n_vars) != loudest].copy()
    values = preparation.of_counts(fewer.X, preparation.match(fewer))
    np.testing.assert_array_equal(values[:, loudest], np.float32(preparation.median[loudest]))
    others = np.arange(cohort.n_vars) != loudest
    assert np.abs(values[0, others] - whole[0, others]).max() < 1e-5  # the reference itself
    assert np.median(np.abs(values[:, others] - whole[:, others])) < 0.05


@pytest.mark.parametrize("by", ["version", "symbol", "entrez_id", "column"])
def test_genes_are_found_by_any_identifier(cohort, by):
    ensembl = [f"ENSG{number:011d}" for number in range(cohort.n_vars)]
    cohort.var_names = ensembl
    cohort.uns["tissueshap"]["tmm"]["reference"]["gene"] = ensembl
    cohort.var["symbol"] = [f"GENE{number}" for number in range(cohort.n_vars)]
    cohort.var["entrez_id"] = [str(number + 10) for number in range(cohort.n_vars)]
    preparation = Preparation.of(cohort, "log2", np.arange(100))
    other = ad.AnnData(cohort.X.copy(), cohort.obs.copy(), pd.DataFrame(index=ensembl))
    if by == "version":
        other.var_names = [f"{name}.{number % 9}" for number, name in enumerate(ensembl)]
    elif by == "column":
        other.var["gene_ids"] = ensembl
        other.var_names = [f"row{number}" for number in range(other.n_vars)]
    else:
        other.var_names = cohort.var[by].tolist()
    order = np.random.default_rng(1).permutation(other.n_vars)
    other = other[:, order].copy()
    matched = preparation.match(other)
    assert matched.found.all()
    np.testing.assert_allclose(
        preparation.of_counts(other.X, matched),
        preparation.of_counts(cohort.X, preparation.match(cohort)),
        rtol=1e-6,
    )


def test_rows_of_the_same_gene_are_added_up(cohort, preparation):
    half = cohort[:, :1].copy()
    half.X = half.X // 2
    half.var_names = ["again"]
    other = cohort.copy()
    other.X[:, 0] -= half.X[:, 0]
    twice = ad.concat([other, half], axis=1, merge="same")
    twice.var["symbol"] = [*cohort.var_names, cohort.var_names[0]]
    twice.var_names = [f"row{number}" for number in range(twice.n_vars)]
    np.testing.assert_allclose(
        preparation.of_counts(twice.X, preparation.match(twice)),
        preparation.of_counts(cohort.X, preparation.match(cohort)),
    )


def test_too_few_genes_name_the_most_important_that_are_missing(cohort, preparation):
    importance = np.zeros(cohort.n_vars)
    importance[5] = 1.0
    ranked = replace(preparation, importance=importance)
    with pytest.raises(DataError, match=r"180 of the model's 200 genes \(90\.0%.*95% are needed"):
        ranked.match(cohort[:, 20:].copy(), min_overlap=0.95)
    with pytest.raises(DataError, match=r"the most important: G00006"):
        ranked.match(cohort[:, 20:].copy(), min_overlap=0.95)


def test_symbols_of_another_species_are_recognised(cohort, preparation):
    mouse = cohort.copy()
    mouse.var = pd.DataFrame(index=[name.lower() for name in cohort.var_names])
    with pytest.raises(DataError, match=r"200 match without regard to case.*another species"):
        preparation.match(mouse)


def test_it_comes_back_from_json(cohort, preparation):
    plain = json.loads(json.dumps(preparation.to_dict(), allow_nan=False))
    again = Preparation.from_dict(plain, list(cohort.var_names))
    matched = preparation.match(cohort)
    np.testing.assert_array_equal(
        again.of_counts(cohort.X, matched), preparation.of_counts(cohort.X, matched)
    )
    with pytest.raises(DataError, match="does not match its genes"):
        Preparation.from_dict(plain, list(cohort.var_names[::-1]))


def test_logarithms_of_unknown_origin_cannot_be_made_of_counts(toy):
    toy.layers["log2"] = np.log2(np.asarray(toy.X, np.float32) + 1)
    preparation = Preparation.of(toy, "log2", np.arange(50))
    assert not preparation.from_counts
    with pytest.raises(DataError, match="whose preparation is not recorded"):
        preparation.of_counts(toy.X, preparation.match(toy))
