"""Real cohorts pass, and the same cohorts with each mistake made do not."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tissueshap._core.errors import DataError, DataWarning
from tissueshap.model._input_scale import InputScale

#: How the training data are made: the paper's way, and with a larger offset.
WAYS = {"paper": (0.001, 10.0), "one": (1.0, 0.0), "five": (5.0, 0.0)}
PAIRS = ("brawand to blake", "blake to brawand", "mosaic to brains", "brains to mosaic")


def cpm(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True) * 1e6


@pytest.fixture(scope="module")
def counts(data_dir: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Counts of a training cohort and of another one, on their shared genes."""
    folders = {
        "brawand": "brawand_tetrapod",
        "blake": "blake_primates",
        "mosaic": "gtex_mosaic",
        "brains": "gtex_brain_pair",
    }
    held = {
        name: pd.read_csv(data_dir / folder / "counts.tsv.gz", sep="\t", index_col=0).iloc[:, :60]
        for name, folder in folders.items()
    }
    found = {}
    for pair in PAIRS:
        one, other = (held[name] for name in pair.split(" to "))
        genes = one.index.intersection(other.index)
        both = (each.loc[genes].to_numpy(dtype=np.float64).T for each in (one, other))
        first, second = (each[each.sum(axis=1) > 0] for each in both)
        found[pair] = (first, second)
    return found


def written(counts: np.ndarray, way: str) -> np.ndarray:
    offset, shift = WAYS[way]
    return np.log2(cpm(counts) + offset) + shift


def scale_of(counts: np.ndarray, way: str, **settings) -> InputScale:
    offset, shift = WAYS[way]
    given = {"layer": "tmm", "offset": offset, "shift": shift}
    return InputScale.of(written(counts, way).astype(np.float32), made=given, **settings)


def check(scale: InputScale, values: np.ndarray, **settings) -> None:
    names = [f"s{number}" for number in range(len(values))]
    columns = settings.pop("columns", np.arange(values.shape[1]))
    scale.check(values, columns, samples=names, where="x", **settings)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("pair", PAIRS)
def test_real_cohorts_of_other_laboratories_species_and_tissues_pass(counts, pair, way):
    first, second = counts[pair]
    scale, values = scale_of(first, way), written(second, way)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(scale, values)
        for row in range(0, len(values), 9):
            check(scale, values[row : row + 1])
        check(scale, values[:0])


MISTAKES = {
    "raw counts": lambda x: x,
    "on a linear scale": cpm,
    "natural log1p of CP10k": lambda x: np.log1p(cpm(x) / 100),
    "log10 of CPM or TPM": lambda x: np.log10(cpm(x) + 1),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("pair", PAIRS)
def test_another_scale_is_refused_and_named(counts, pair, mistake, way):
    first, second = counts[pair]
    scale, values = scale_of(first, way), MISTAKES[mistake](second)
    says = rf"are not on the scale.*they look like .*{mistake}.*ts\.pp\.log2\(adata, layer='tmm', "
    with pytest.raises(DataError, match=says):
        check(scale, values)
    with pytest.raises(DataError, match="are not on the scale"):
        check(scale, values[:1])
    with pytest.warns(DataWarning, match="are not on the scale"):
        check(scale, values, refuse=False)


@pytest.mark.parametrize("pair", PAIRS)
def test_a_missing_shift_is_refused_and_named(counts, pair):
    first, second = counts[pair]
    scale = scale_of(first, "paper")
    with pytest.raises(DataError, match=r"without the shift of 10; the training data are"):
        check(scale, written(second, "paper") - 10)
    with pytest.raises(DataError, match="the median gene is .* higher"):
        check(scale_of(first, "one"), written(second, "one") + 10)


@pytest.mark.parametrize("pair", PAIRS)
def test_natural_logarithms_are_at_least_warned_of(counts, pair):
    first, second = counts[pair]
    scale = scale_of(first, "one")
    with pytest.warns(DataWarning, match="look like natural log1p of CPM or TPM"):
        check(scale, np.log1p(cpm(second)), refuse=False)


def test_another_offset_shows_in_the_lowest_values(counts):
    first, second = counts["mosaic to brains"]
    with pytest.warns(DataWarning, match=r"of the values are below 0, the lowest in training"):
        check(scale_of(first, "one"), np.log2(cpm(second) + 0.001))
    second, first = counts["mosaic to brains"]
    with pytest.warns(DataWarning, match=r"the lowest value is 2\.32, and 0 in training"):
        check(scale_of(first, "one"), written(second, "five"))


def test_recorded_settings_that_differ_are_enough(counts):
    first, second = counts["brawand to blake"]
    scale, values = scale_of(first, "one"), written(second, "one")
    check(scale, values, made={"layer": "cpm", "offset": 1, "shift": 0.0})
    with pytest.raises(DataError, match=r"they were made with offset=5, not 1;"):
        check(scale, values, made={"layer": "tmm", "offset": 5.0, "shift": 0.0})
    # whatever else is recorded is compared alike
    other = replace(scale, made={**scale.made, "centre": "median"})
    with pytest.raises(DataError, match=r"centre='mean', not 'median'"):
        check(other, values, made={"centre": "mean"})


def test_some_samples_on_another_scale_are_named(counts):
    first, second = counts["brawand to blake"]
    values = written(second, "paper")
    values[3] -= 10
    with pytest.warns(DataWarning, match=rf"1 of {len(values)} samples.*\['s3'\]"):
        check(scale_of(first, "paper"), values)


def test_genes_are_found_in_any_order_and_may_be_missing(counts):
    first, second = counts["brawand to blake"]
    scale, values = scale_of(first, "one"), written(second, "one")
    order = np.random.default_rng(0).permutation(values.shape[1])[: values.shape[1] // 2]
    columns = np.full(values.shape[1], -1)
    columns[order] = np.arange(order.size)
    check(scale, values[:, order], columns=columns)
    with pytest.raises(DataError, match="are not on the scale"):
        check(scale, np.log1p(cpm(second) / 100)[:, order], columns=columns)


def test_networks_that_standardise_samples_take_any_shift_and_are_told_of_another_base(counts):
    first, second = counts["brawand to blake"]
    scale = scale_of(first, "one", by_sample=True)
    check(scale, written(second, "one") - 10)
    with pytest.warns(DataWarning, match="natural log1p of CPM"):
        check(scale, np.log1p(cpm(second)))
    with pytest.raises(DataError):
        check(scale_of(first, "one"), written(second, "one") - 10)
    with pytest.raises(DataError, match="linear"):
        check(scale, cpm(second))


@pytest.fixture(scope="module")
def gtex_hpa(data_dir: Path) -> tuple[np.ndarray, np.ndarray]:
    tables = [
        pd.read_csv(
            data_dir / "gtex_hpa_entrez" / f"{name}_log_expression.tsv.gz", sep="\t", index_col=0
        )
        for name in ("gtex", "hpa")
    ]
    return tables[0].to_numpy().T, tables[1].loc[tables[0].index].to_numpy().T


def test_gtex_and_hpa_pass_both_ways_harmonised_and_not(gtex_hpa):
    for one, other in (gtex_hpa, gtex_hpa[::-1]):
        scale = InputScale.of(one)
        check(scale, other)
        sd = other.std(axis=0)
        moved = (other - other.mean(axis=0)) / np.where(sd > 0, sd, 1) * one.std(axis=0)
        check(scale, moved + one.mean(axis=0))
        for row in range(0, len(other), 10):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataWarning)
                check(scale, other[row : row + 1])
        with pytest.raises(DataError, match="lower"):
            check(scale, other - 10)
        with pytest.raises(DataError, match="linear"):
            check(scale, 2**other)
        standard = (other - other.mean(axis=0)) / np.where(sd > 0, sd, 1)
        with pytest.warns(DataWarning, match="z-scores"):
            check(scale, standard, refuse=False)


def test_it_comes_back_from_json(counts):
    first, second = counts["brawand to blake"]
    scale = scale_of(first, "paper")
    n_genes = first.shape[1]
    back = InputScale.from_dict(json.loads(json.dumps(scale.to_dict())), n_genes)
    np.testing.assert_allclose(back.high, scale.high, rtol=1e-5)
    assert (back.made, back.totals, back.layer) == (scale.made, scale.totals, "log2")
    check(back, written(second, "paper"))
    with pytest.raises(DataError, match="does not match its genes"):
        InputScale.from_dict(scale.to_dict(), n_genes - 1)
    for spoil in ({"floor": None}, {"low": "x"}, {"sd": [np.nan] * n_genes}, {"more": 1}):
        with pytest.raises(DataError, match="distribution of the training data"):
            InputScale.from_dict({**scale.to_dict(), **spoil}, n_genes)


def test_the_panel_passes(panel):
    counts = np.asarray(panel.X, dtype=np.float64)
    tissue = panel.obs["tissue"].astype(str).to_numpy()
    for way in WAYS:
        values = written(counts, way)
        for left_out in np.unique(tissue):
            scale = scale_of(counts[tissue != left_out], way)
            check(scale, values[tissue == left_out])
            check(scale, values[tissue == left_out][:1])
            with pytest.raises(DataError, match="natural log1p of CP10k"):
                check(scale, np.log1p(cpm(counts[tissue == left_out]) / 100))
