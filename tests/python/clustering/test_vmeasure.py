import numpy as np

from tissueshap.clustering import _vmeasure


def test_random_sets_differ_and_have_no_gene_twice():
    sets = list(_vmeasure.random_sets(200, 30, 10, seed=1))
    assert len({tuple(genes) for genes in sets}) == 10
    assert all(len(np.unique(genes)) == 30 for genes in sets)


def test_a_constant_gene_scales_to_zero():
    scaled = _vmeasure.standardised(np.array([[1.0, 3.0], [1.0, 5.0]]))
    np.testing.assert_array_equal(scaled, [[0, -1], [0, 1]])
