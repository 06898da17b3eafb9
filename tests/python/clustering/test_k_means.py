"""k-means from drawn centres, against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import homogeneity_completeness_v_measure
from threadpoolctl import threadpool_info

from tissueshap._core.settings import settings
from tissueshap.clustering._k_means import first_centres, k_means_scores, scores


@pytest.fixture
def blobs():
    """400 points of 20 classes that overlap a little."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(20), 20)
    return (rng.normal(0, 6, (20, 2))[codes] + rng.normal(0, 1, (400, 2))), codes


@pytest.mark.parametrize("k", [1, 2, 7])
def test_scores_are_scikit_learns(k):
    rng = np.random.default_rng(k)
    true, found = rng.integers(0, 5, 200), rng.integers(0, k, 200)
    v, homogeneity, completeness = scores(true, found)
    expected = homogeneity_completeness_v_measure(true, found)
    assert (homogeneity, completeness, v) == pytest.approx(expected, abs=1e-12)


def test_the_same_partition_scores_one():
    codes = np.array([0, 0, 1, 1, 2])
    assert scores(codes, (codes + 1) % 3) == pytest.approx((1, 1, 1))


def test_a_start_is_lloyds_algorithm_from_its_centres(blobs):
    X, codes = blobs
    table = k_means_scores(X, codes, n_starts=3, seed=5)
    draws = [np.random.default_rng(s) for s in np.random.SeedSequence(5).spawn(3)]
    values = np.asarray(X - X.mean(axis=0), dtype=np.float32)
    for row, centres in zip(table.itertuples(), first_centres(values, 20, draws), strict=True):
        found = KMeans(20, init=centres, n_init=1).fit_predict(values)
        expected = homogeneity_completeness_v_measure(codes, found)
        assert (row.homogeneity, row.completeness, row.v_measure) == pytest.approx(expected)


def test_centres_are_points_far_from_each_other(blobs):
    X, _ = blobs
    centres = first_centres(X, 20, [np.random.default_rng(i) for i in range(30)])
    assert centres.shape == (30, 20, 2)
    points = {tuple(point) for point in X}
    assert all(tuple(centre) in points for start in centres for centre in start)
    # As scikit-learn's own centres, they leave much less distance than points at random.
    rng = np.random.default_rng(1)
    theirs = [KMeans(20, n_init=1, max_iter=1, random_state=i).fit(X).inertia_ for i in range(30)]
    drawn = [_left(X, start) for start in centres]
    at_random = [_left(X, X[rng.choice(len(X), 20, replace=False)]) for _ in range(30)]
    assert np.mean(drawn) < 0.5 * np.mean(at_random)
    assert np.mean(drawn) < 2 * np.mean(theirs)


def _left(X, centres):
    return np.square(X[:, None] - centres[None]).sum(axis=2).min(axis=1).sum()


def test_the_scores_spread_as_scikit_learns(blobs):
    X, codes = blobs
    ours = k_means_scores(X, codes, n_starts=200, seed=1)["v_measure"]
    theirs = np.array(
        [
            homogeneity_completeness_v_measure(
                codes, KMeans(20, n_init=1, random_state=i).fit_predict(X)
            )[2]
            for i in range(200)
        ]
    )
    error = np.sqrt(ours.var() / 200 + theirs.var() / 200)
    assert abs(ours.mean() - theirs.mean()) < 4 * error
    assert 0.7 < ours.std() / theirs.std() < 1.4


def test_more_starts_begin_with_the_same(blobs):
    X, codes = blobs
    few, many = (k_means_scores(X, codes, n_starts=n, seed=3) for n in (5, 21))
    pd.testing.assert_frame_equal(few, many.head(5))


def test_the_scores_do_not_depend_on_the_number_of_threads(blobs):
    X, codes = blobs
    tables = []
    for n in (1, 2, 5):
        with settings.override(n_jobs=n):
            tables.append(k_means_scores(X, codes, n_starts=40, seed=3))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=True)


def test_threads_leave_the_limits_of_libraries_as_they_were(blobs):
    X, codes = blobs
    before = [(info["filepath"], info["num_threads"]) for info in threadpool_info()]
    with settings.override(n_jobs=2):
        k_means_scores(X, codes, n_starts=40, seed=3)
    assert [(i["filepath"], i["num_threads"]) for i in threadpool_info()] == before


def test_fewer_points_than_clusters():
    table = k_means_scores(np.zeros((6, 2)), np.array([0, 0, 1, 1, 2, 2]), n_starts=2, seed=0)
    assert list(table["v_measure"]) == [0.0, 0.0]
