"""Modules are genes that vary together within the classes, and their values are sums."""

import numpy as np
import pytest
from scipy import stats

from tissueshap.trust import Modules, above_chance, co_expressed, cohesion, modules_of, partition


@pytest.fixture
def grouped():
    """Two groups of four genes that share a factor, and 22 others; all differ between classes."""
    rng = np.random.default_rng(1)
    codes = np.repeat([0, 1, 2], 40)
    x = rng.normal(size=(120, 30))
    for start in (3, 10):
        x[:, start : start + 4] = 0.4 * x[:, start : start + 4] + rng.normal(size=(120, 1))
    return x + 5.0 * rng.normal(size=(3, 30))[codes], codes


def test_genes_that_vary_together_within_the_classes_are_a_module(grouped):
    x, codes = grouped
    labels, cut = co_expressed(x, codes, np.ones(30, dtype=bool))
    assert cut == 0.7
    groups = {tuple(np.flatnonzero(labels == label)) for label in range(labels.max() + 1)}
    assert {group for group in groups if len(group) > 1} == {(3, 4, 5, 6), (10, 11, 12, 13)}
    # Numbered by their first genes.
    assert list(dict.fromkeys(labels)) == list(range(labels.max() + 1))
    # Between the classes all genes go together; without them the groups would be others.
    together, _ = co_expressed(x, np.zeros_like(codes), np.ones(30, dtype=bool))
    assert together.max() < labels.max()


def test_genes_of_low_rank_join_those_of_high_rank(grouped):
    x, codes = grouped
    seeds = np.zeros(30, dtype=bool)
    seeds[4] = True
    labels, _ = co_expressed(x, codes, seeds)
    assert set(np.flatnonzero(labels == labels[4])) == {3, 4, 5, 6}
    # Of the other group no gene has a high rank.
    assert np.unique(labels[10:14]).size == 4


def test_few_samples_need_higher_correlations():
    rng = np.random.default_rng(2)
    x, codes = rng.normal(size=(9, 400)), np.repeat([0, 1, 2], 3)
    labels, cut = co_expressed(x, codes, np.ones(400, dtype=bool))
    assert cut > 0.95
    assert labels.max() + 1 >= 398
    # One sample a class: no variation within classes, and no module.
    labels, cut = co_expressed(x[::3], codes[::3], np.ones(400, dtype=bool))
    assert (cut, labels.max()) == (1.0, 399)


@pytest.mark.parametrize("n_free", [4, 10, 60])
def test_chance_exceeds_the_cut_in_one_of_twenty_data_sets(n_free):
    rng = np.random.default_rng(n_free)
    n_above = 0
    for _ in range(400):
        x = rng.normal(size=(n_free + 2, 12))
        codes = np.arange(n_free + 2) % 2
        _, cut = co_expressed(x, codes, np.zeros(12, dtype=bool), least=0.0)
        for code in (0, 1):
            x[codes == code] -= x[codes == code].mean(axis=0)
        n_above += np.triu(np.corrcoef(x.T), 1).max() > cut
    assert 6 <= n_above <= 36  # 20 expected


def test_a_constant_gene_is_by_itself(grouped):
    x, codes = grouped
    x[:, [0, 1, 2]] = 4.0
    labels, _ = co_expressed(x, codes, np.ones(30, dtype=bool))
    assert np.unique(labels[:3]).size == 3
    assert co_expressed(x[:, :1], codes, np.ones(1, dtype=bool))[0].tolist() == [0]


def test_sums_of_genes_and_of_sets_that_overlap():
    values = np.array([[1.0, 2.0, 4.0], [0.0, -1.0, 1.0]])
    own = partition(np.array([1, 0, 1]), ["b", "ac"])
    np.testing.assert_array_equal(own.sums(values), [[2, 5], [-1, 1]])
    assert own.sizes.tolist() == [1, 2]
    assert own.genes(1).tolist() == [0, 2]
    sets = modules_of([["A", "B", "B", "?"], ["B", "C"], []], ["A", "B", "C"], names=list("xyz"))
    np.testing.assert_array_equal(sets.sums(values), [[3, 6, 0], [-1, 0, 0]])
    assert sets.sizes.tolist() == [2, 2, 0]
    assert isinstance(sets, Modules)


def test_cohesion_is_the_mean_correlation_of_pairs(grouped):
    x, codes = grouped
    groups = partition(np.repeat([0, 1, 2], [4, 1, 25]), ["first", "one", "rest"])
    for code in range(3):
        x[codes == code] -= x[codes == code].mean(axis=0)
    r = np.corrcoef(x.T)
    expected = [r[:4, :4][np.triu_indices(4, 1)].mean(), r[5:, 5:][np.triu_indices(25, 1)].mean()]
    found = cohesion(x, codes, groups)
    np.testing.assert_allclose(found[[0, 2]], expected, atol=1e-5)
    assert np.isnan(found[1])


def test_z_is_that_of_random_sets_of_the_size():
    rng = np.random.default_rng(3)
    scores = rng.exponential(size=(60, 1))
    sets = partition(np.arange(60) // 20, ["a", "b", "c"])
    drawn = [rng.permutation(scores[:, 0])[:20].sum() for _ in range(20_000)]
    expected = (sets.sums(scores.T)[0] - np.mean(drawn)) / np.std(drawn)
    np.testing.assert_allclose(above_chance(scores, sets)[:, 0], expected, atol=0.03)
    # One gene: its standard score.
    single = partition(np.arange(60), [""] * 60)
    np.testing.assert_allclose(above_chance(scores, single), stats.zscore(scores), atol=1e-9)
    assert np.isnan(above_chance(np.ones((60, 1)), sets)).all()
