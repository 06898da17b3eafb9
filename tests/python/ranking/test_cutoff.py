"""How many ranks to take, from values whose right answer is known."""

import numpy as np
import pytest

from tissueshap import tl
from tissueshap._core.errors import DataError
from tissueshap.ranking._cutoff import elbow, mirrored_fdr, peak


def planted(n_signal=10, n_genes=500, n_classes=4, size=5.0, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n_genes, n_classes)) * 0.3
    values[:n_signal] += size
    return values


def test_the_elbow_is_where_the_signal_ends():
    assert elbow(planted()) == 10
    assert elbow(planted(n_signal=3)) == 3


def test_the_elbow_does_not_move_with_the_tail():
    values = planted()
    assert elbow(np.vstack([values, np.zeros((20000, 4))])) == 10
    assert elbow(np.vstack([values, np.full((50, 4), np.nan)])) == 10


def test_the_peak_ends_where_the_mean_class_has_a_share_of_its_highest_value():
    values = np.array([[10.0, 1.0], [6.0, 0.9], [2.0, 0.4], [-1.0, 0.0]])
    # By rank 1, 0.75, 0.3 and 0.
    assert [peak(values, share) for share in (0.8, 0.7, 0.31, 0.29)] == [1, 2, 2, 3]
    assert peak(planted(), 1 / 3) == 10
    # A tail of any length and values below 0 change nothing.
    assert peak(np.vstack([values, np.full((99, 2), -3.0)]), 0.29) == 3
    assert peak(-np.ones((5, 2)), 0.5) == 1


def test_mirrored_fdr_by_hand():
    values = np.array([[5.0], [3.0], [1.0], [-2.0], [-0.5]])
    # Flipped values 2, 0.5, -1, -3, -5 beside thresholds 5, 3, 1, -2, -0.5 sorted.
    expected = [(1 + 0) / 1, (1 + 0) / 2, (1 + 1) / 3, (1 + 2) / 4, (1 + 3) / 5]
    np.testing.assert_allclose(
        mirrored_fdr(values), np.minimum.accumulate(np.minimum(expected, 1)[::-1])[::-1]
    )


def test_mirrored_fdr_keeps_its_rate_and_finds_the_signal():
    found, false = [], []
    for seed in range(20):
        values = planted(n_signal=20, seed=seed)
        n_ranks = int((mirrored_fdr(values) <= 0.1).sum())
        chosen = np.argsort(-values, axis=0)[:n_ranks]
        found.append(sum((chosen[:, code] < 20).sum() for code in range(4)) / 80)
        false.append((chosen >= 20).mean())
    assert np.mean(found) > 0.99
    assert np.mean(false) < 0.13


def test_mirrored_fdr_of_noise_calls_nothing():
    called = [(mirrored_fdr(planted(n_signal=0, seed=seed)) <= 0.05).any() for seed in range(40)]
    assert np.mean(called) <= 0.1


@pytest.fixture
def ranked(toy):
    import pandas as pd

    from tissueshap._core import slots
    from tissueshap.tl._rank_genes import descending_ranks

    classes = slots.class_names(toy)
    values = planted(n_signal=6, n_genes=toy.n_vars, n_classes=len(classes))
    # Each class's genes its own, so that the unique share falls late.
    values = np.column_stack([np.roll(values[:, code], 6 * code) for code in range(len(classes))])
    frames = {
        "shap_median": pd.DataFrame(values, columns=classes),
        "shap_rank": pd.DataFrame(descending_ranks(values), columns=classes),
    }
    slots.write(toy, "rank_genes", {"varm": frames}, params={})
    return toy


@pytest.mark.parametrize(("method", "n_ranks"), [("elbow", 6), ("permutation_fdr", None)])
def test_select_genes_by_values(ranked, method, n_ranks):
    tl.select_genes(ranked, method=method, fdr=0.1)
    record = ranked.uns["tissueshap"]["select_genes"]
    if n_ranks is not None:
        assert record["n_ranks"] == n_ranks
        assert record["n_genes"] == 24
    else:
        assert 6 <= record["n_ranks"] <= 8
    assert record["curve"]["fdr"].is_monotonic_increasing


def test_select_genes_says_what_is_wrong(ranked):
    with pytest.raises(DataError, match="fdr must be above 0 and below 1"):
        tl.select_genes(ranked, method="permutation_fdr", fdr=0)
    with pytest.raises(DataError, match="the lowest is"):
        tl.select_genes(ranked, method="permutation_fdr", fdr=1e-4)
    with pytest.raises(DataError, match="'elbow'"):
        tl.select_genes(ranked, method="knee")
    ranked.varm["shap_median"] = ranked.varm["shap_median"].abs()
    with pytest.raises(DataError, match="signed"):
        tl.select_genes(ranked, method="permutation_fdr")
