"""The expected number of edges, against networks rewired with the same degrees."""

import numpy as np
import pandas as pd
import pytest

from tissueshap.enrichment._interactions import Network, interaction_test


def heavy_tailed(n=300, seed=1):
    """Return a network with hubs, as protein interactions have."""
    rng = np.random.default_rng(seed)
    weight = rng.pareto(1.5, n) + 1
    chance = np.minimum(np.outer(weight, weight) * 2.5 / weight.sum(), 1)
    a, b = np.nonzero(np.triu(rng.random((n, n)) < chance, 1))
    return pd.DataFrame({"a": [f"g{i}" for i in a], "b": [f"g{i}" for i in b]})


def rewired(ends, rng, swaps_per_edge=10):
    """Return the network after random swaps of edge ends: the degrees stay."""
    edges = [tuple(sorted(edge)) for edge in ends.tolist()]
    there = set(edges)
    for _ in range(swaps_per_edge * len(edges)):
        i, j = rng.integers(len(edges), size=2)
        (a, b), (c, d) = edges[i], edges[j]
        if rng.random() < 0.5:
            c, d = d, c
        new = tuple(sorted((a, d))), tuple(sorted((c, b)))
        if len({a, b, c, d}) < 4 or new[0] in there or new[1] in there:
            continue
        there -= {edges[i], edges[j]}
        there |= set(new)
        edges[i], edges[j] = new
    return np.array(edges)


def test_expectation_is_that_of_rewired_networks():
    network = Network(heavy_tailed(), [f"g{i}" for i in range(300)])
    rng = np.random.default_rng(3)
    chosen = np.zeros(300, dtype=bool)
    chosen[np.argsort(-network.degree)[5:60]] = True
    seen = []
    for _ in range(12):
        ends = rewired(network.ends, rng)
        assert (np.bincount(ends.ravel(), minlength=300) == network.degree).all()
        seen.append(chosen[ends].all(axis=1).sum())
    assert network.expected(chosen) == pytest.approx(np.mean(seen), rel=0.1)


def test_expected_degrees_are_the_networks_own():
    network = Network(heavy_tailed(seed=5), [f"g{i}" for i in range(300)])
    everyone = np.ones(300, dtype=bool)
    assert network.expected(everyone) == pytest.approx(len(network.ends), rel=1e-8)
    hub = np.argmax(network.degree)
    without = everyone.copy()
    without[hub] = False
    of_hub = network.expected(everyone) - network.expected(without)
    assert of_hub == pytest.approx(network.degree[hub], rel=1e-8)


def test_random_sets_are_not_called_enriched():
    genes = [f"g{i}" for i in range(300)]
    network = Network(heavy_tailed(), genes)
    rng = np.random.default_rng(0)
    pvalues = [
        interaction_test(network, rng.choice(genes, 60, replace=False))["pvalue"]
        for _ in range(300)
    ]
    assert np.mean(np.array(pvalues) < 0.05) < 0.1


def test_a_clique_is_found_and_other_genes_edges_do_not_count():
    clique = pd.DataFrame(
        [(f"c{i}", f"c{j}") for i in range(8) for j in range(i)], columns=["a", "b"]
    )
    edges = pd.concat([heavy_tailed(), clique, pd.DataFrame({"a": ["c0"], "b": ["unmeasured"]})])
    network = Network(edges, [f"g{i}" for i in range(300)] + [f"c{i}" for i in range(8)])
    found = interaction_test(network, [f"c{i}" for i in range(8)] + ["unmeasured"])
    assert found["n_genes"] == 8
    assert found["n_connected"] == 8
    assert found["n_edges"] == 28
    assert found["pvalue"] < 1e-12
    assert found["enrichment"] > 5


def test_a_set_without_edges():
    network = Network(pd.DataFrame({"a": ["x"], "b": ["y"]}), ["x", "y", "z"])
    found = interaction_test(network, ["z"])
    assert found["n_edges"] == 0
    assert found["pvalue"] == 1.0
    assert np.isnan(found["enrichment"])
