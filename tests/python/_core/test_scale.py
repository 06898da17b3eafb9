"""What values look like, on real counts written as people write them."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.scale import (
    check_finite,
    check_logs,
    check_measured,
    check_not_normalised,
    look,
    made,
)


@pytest.fixture(scope="module")
def counts(data_dir: Path) -> np.ndarray:
    """47 samples of primates x 12,184 genes."""
    table = pd.read_csv(data_dir / "blake_primates" / "counts.tsv.gz", sep="\t", index_col=0)
    return table.to_numpy(dtype=np.float64).T


def cpm(counts: np.ndarray) -> np.ndarray:
    return counts / counts.sum(axis=1, keepdims=True) * 1e6


def standard(x: np.ndarray, axis: int) -> np.ndarray:
    sd = x.std(axis=axis, keepdims=True)
    return (x - x.mean(axis=axis, keepdims=True)) / np.where(sd > 0, sd, 1)


SEEN = {
    "raw counts: all are integers": lambda x: x,
    "CPM or TPM on a linear scale": cpm,
    "CPM, TPM or other values on a linear scale": lambda x: cpm(x)[:, ::2],
    "natural log1p of CP10k": lambda x: np.log1p(cpm(x) / 100),
    "natural log1p of CPM or TPM": lambda x: np.log1p(cpm(x)),
    "log10 of CPM or TPM with an offset of 1": lambda x: np.log10(cpm(x) + 1),
    "log2 of CPM or TPM with an offset of 0.001": lambda x: np.log2(cpm(x) + 0.001),
    "z-scores, each gene": lambda x: standard(np.log2(cpm(x) + 1), 0),
    "z-scores, each sample": lambda x: standard(np.log2(cpm(x) + 1), 1),
}


@pytest.mark.parametrize("text", SEEN)
def test_real_counts_are_recognised_however_they_are_written(counts, text):
    values = SEEN[text](counts)
    if "offset of 0.001" in text:
        # only where genes without a count share the lowest value can the offset be known
        values = np.concatenate([values, np.full((len(values), 999), np.log2(0.001))], axis=1)
    for given in (values.astype(np.float32), scipy.sparse.csr_matrix(values)):
        seen = look(given)
        assert seen is not None
        assert seen.text.startswith(text)


def test_the_shift_of_the_paper_is_recognised(counts):
    seen = look(np.log2(cpm(counts) + 0.001) + 10)
    assert seen is not None
    assert "shift of 10" in seen.text
    assert seen.base == 2


def test_a_selection_of_genes_on_a_log_scale_is_left_alone(counts):
    assert look(np.log1p(cpm(counts) / 100)[:, ::7]) is None
    check_logs(np.log2(cpm(counts) + 1)[:, ::7], "x", refuse=True, fold_changes=True)


def test_real_logarithms_pass(counts, data_dir):
    check_logs(np.log2(cpm(counts) + 1), "x", refuse=True, fold_changes=True)
    for name in ("gtex", "hpa"):
        path = data_dir / "gtex_hpa_entrez" / f"{name}_log_expression.tsv.gz"
        values = pd.read_csv(path, sep="\t", index_col=0).to_numpy().T
        check_logs(values, "x", refuse=True, fold_changes=True)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda x: x, r"x is not on a log scale.*raw counts.*values='counts'.*check_scale=False"),
        (cpm, r"x is not on a log scale.*CPM or TPM on a linear scale.*log2\(x \+ 1\)"),
    ],
)
def test_what_is_no_logarithm_is_refused_or_warned_of(counts, write, says):
    with pytest.raises(DataError, match=says):
        check_logs(write(counts), "x", refuse=True)
    with pytest.warns(DataWarning, match="x is not on a log scale"):
        check_logs(write(counts), "x")


def test_few_whole_numbers_are_warned_of():
    values = np.random.default_rng(0).poisson(2, (20, 50)).astype(float)
    with pytest.warns(DataWarning, match="raw counts"):
        check_logs(values, "x", refuse=True)


def test_other_bases_and_z_scores_change_fold_changes(counts):
    with pytest.warns(DataWarning, match=r"log1p of CP10k.*0\.69 times.*ln\(2\)"):
        check_logs(np.log1p(cpm(counts) / 100), "x", fold_changes=True)
    with pytest.warns(DataWarning, match=r"log10 of CPM or TPM.*0\.3 times.*log10\(2\)"):
        check_logs(np.log10(cpm(counts) + 1), "x", fold_changes=True)
    check_logs(np.log10(cpm(counts) + 1), "x")
    with pytest.warns(DataWarning, match="z-scores.*standard deviations"):
        check_logs(SEEN["z-scores, each gene"](counts), "x", fold_changes=True)


def test_rounded_tpm_are_told_from_counts(counts):
    check_not_normalised(counts.sum(axis=1), "x")
    with pytest.warns(
        DataWarning, match=r"each sample of x adds up to 1,000,000, as in CPM or TPM"
    ):
        check_not_normalised(np.rint(cpm(counts)).sum(axis=1), "x")


@pytest.mark.parametrize(("bad", "word"), [(np.nan, "missing"), (-np.inf, "infinite")])
def test_the_first_value_that_is_not_finite_is_named(bad, word):
    values = np.arange(12.0).reshape(3, 4)
    values[1:, 2] = bad
    with pytest.raises(DataError, match=f"x is {word} for gene 'C' in sample 's2', and 1 more"):
        check_finite(values, ["s1", "s2", "s3"], list("ABCD"), "x")


def test_samples_without_any_difference_are_named():
    values = np.arange(12.0).reshape(3, 4)
    values[1] = 0.034
    names = {"samples": ["s1", "s2", "s3"], "genes": list("ABCD"), "where": "x"}
    with pytest.raises(DataError, match=r"the same value in all genes for 1 sample\(s\), \['s2'\]"):
        check_measured(values, np.arange(4), **names, refuse=True)
    with pytest.warns(DataWarning, match="nothing was measured"):
        check_measured(values, np.arange(4), **names)
    values[0, 3] = np.nan  # not among the genes that are used
    with pytest.warns(DataWarning):
        check_measured(values, np.arange(3), **{**names, "genes": list("ABC")})


def test_what_made_a_layer_is_found_by_its_name():
    adata = ad.AnnData(np.ones((2, 2)))
    adata.uns["tissueshap"] = {
        "log2": {"params": {"layer": "tmm", "offset": np.float64(1), "more": {"a": np.int64(2)}}},
        "run2": {"params": {"offset": 5.0}},
    }
    assert made(adata, "log2") == {"layer": "tmm", "offset": 1.0, "more": {"a": 2}}
    assert made(adata, "run2_log2") == {"offset": 5.0}
    assert made(adata, "run3_log2") == made(adata, "harmonised") == {}
