"""Logistic regression, TreeSHAP and the probe, on data whose markers are known."""

import numpy as np
import pytest

from tissueshap._core.selection import orders
from tissueshap.trust import _logistic, _probe, _trees


def cohort(n_classes, n_genes=40, n=30, seed=7):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_classes), n)
    x = rng.normal(size=(codes.size, n_genes)).astype(np.float32)
    for code in range(n_classes):
        x[codes == code, 3 * code : 3 * code + 3] += 4
    return x, codes


@pytest.mark.parametrize("n_classes", [2, 4])
def test_logistic_regression_ranks_each_class_s_markers_first(n_classes):
    x, codes = cohort(n_classes)
    found = _logistic.coefficients(x, codes)
    assert found.shape == (40, n_classes)
    for code in range(n_classes):
        assert set(orders(found)[:3, code]) == {3 * code, 3 * code + 1, 3 * code + 2}


@pytest.mark.parametrize("n_classes", [2, 3])
def test_tree_shap_ranks_a_marker_first_in_each_class(n_classes):
    x, codes = cohort(n_classes)
    found = _trees.tree_values(x, codes, x, codes, n_classes)
    assert found.shape == (40, n_classes)
    assert np.isfinite(found).all()
    markers = range(6) if n_classes == 2 else range(9)
    for code in range(n_classes):
        assert orders(found)[0, code] in markers
    # Two classes are told by either's markers; three need their own.
    if n_classes == 3:
        assert [gene // 3 for gene in orders(found)[0]] == [0, 1, 2]


def test_genes_that_the_trees_may_not_use_come_last(monkeypatch):
    monkeypatch.setattr(_trees, "MAX_GENES", 9)
    x, codes = cohort(3)
    found = _trees.tree_values(x, codes, x, codes, 3)
    assert found[9:].max() < found[:9].min()


def test_the_probe_tells_markers_from_noise():
    x, codes = cohort(4)
    x_test, codes_test = cohort(4, seed=8)
    right, wrong = np.zeros((40, 4)), np.zeros((40, 4))
    for code in range(4):
        right[3 * code : 3 * code + 3, code] = 1
    wrong[20:, :] = 1
    good, hits = _probe.probe(right, x, codes, x_test, codes_test)
    bad, _ = _probe.probe(wrong, x, codes, x_test, codes_test)
    assert hits.shape == (len(_probe.RANKS), codes_test.size)
    assert hits[0].mean() > 0.9
    assert good[0] > 0.9
    assert bad[0] < 0.5


def test_the_probe_is_scikit_learns_nearest_centroid():
    from sklearn.metrics import f1_score
    from sklearn.neighbors import NearestCentroid

    rng = np.random.default_rng(9)
    codes, codes_test = np.repeat(np.arange(5), 12), np.repeat(np.arange(5), 30)
    centres = rng.normal(size=(5, 6))
    x, x_test = (centres[held] + rng.normal(size=(held.size, 6)) for held in (codes, codes_test))
    found, _ = _probe.probe(rng.normal(size=(6, 5)), x, codes, x_test, codes_test)
    fitted = NearestCentroid().fit(x / x.std(axis=0), codes)
    expected = f1_score(codes_test, fitted.predict(x_test / x.std(axis=0)), average="macro")
    assert found[-1] == pytest.approx(expected)
    assert 0.2 < expected < 0.95
