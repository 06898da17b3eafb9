"""Knockoffs: knockpy's values, the error rate where the model is right, and the diagnostic."""

from pathlib import Path

import numpy as np
import pytest

from tissueshap._core.errors import DataError
from tissueshap.trust import (
    Knockoffs,
    e_selected,
    knockoff_e_values,
    knockoff_threshold,
    swap_test,
)
from tissueshap.trust._knockoffs import factor_model, knockoff_scores, normal_scores
from tissueshap.trust._lasso import _minimised, lasso, lasso_seconds
from tissueshap.trust._planted_classes import N_CLASSES, planted_classes

GOLDEN = np.load(Path(__file__).resolve().parents[2] / "golden" / "knockoffs.npz")


class NoNoise:
    """A generator of zeros."""

    def standard_normal(self, shape, dtype=float):
        return np.zeros(shape, dtype)


@pytest.fixture(scope="module")
def gaussian():
    """Samples of a factor model, 400 x 150."""
    rng = np.random.default_rng(3)
    return rng.normal(size=(400, 5)) @ rng.normal(size=(5, 150)) + 2 * rng.normal(size=(400, 150))


def test_thresholds_are_those_of_knockpy():
    for row, expected in zip(GOLDEN["statistics"], GOLDEN["thresholds"], strict=True):
        for level, threshold in zip(GOLDEN["levels"], expected, strict=True):
            own = knockoff_threshold(row, float(level))
            np.testing.assert_array_equal(row >= own, row >= threshold)
            if np.isfinite(threshold) and (row != 0).all():
                assert own == threshold


def test_means_of_knockoffs_are_those_of_knockpy():
    loadings, unique, scores = (GOLDEN[name] for name in ("loadings", "unique", "scores"))
    mean = knockoff_scores(scores, loadings, unique, NoNoise())
    np.testing.assert_allclose(mean, GOLDEN["mean"], atol=1e-9)


def test_spread_of_knockoffs_is_that_of_knockpy():
    loadings, unique = GOLDEN["loadings"], GOLDEN["unique"]
    rng = np.random.default_rng(0)
    drawn = knockoff_scores(np.zeros((100_000, 12)), loadings, unique, rng)
    np.testing.assert_allclose(np.cov(drawn.T), GOLDEN["covariance"], atol=0.02)


def test_the_own_variances_are_a_valid_s_and_close_to_that_of_knockpy():
    assert GOLDEN["least_eigenvalue"] > 0
    np.testing.assert_allclose(GOLDEN["mvr"], GOLDEN["unique"], atol=0.1)


def test_the_factors_of_a_factor_model_are_recovered(gaussian):
    z = normal_scores(gaussian, np.random.default_rng(0))
    loadings, unique = factor_model(z)
    assert loadings.shape == (150, 5)
    np.testing.assert_allclose(np.square(loadings).sum(axis=1) + unique, 1)
    truth = np.corrcoef(gaussian.T)
    estimated = loadings @ loadings.T + np.diag(unique)
    assert np.abs(truth - estimated).mean() < 0.05
    # More genes than samples: the same by the other matrix of products.
    wide, _ = factor_model(z[:100])
    assert wide.shape == (150, 5)


def test_knockoffs_have_the_genes_own_values_and_leave_them_alone(gaussian):
    before = gaussian.copy()
    drawn = Knockoffs(gaussian, seed=1).draw(1)
    np.testing.assert_array_equal(gaussian, before)
    np.testing.assert_array_equal(np.sort(drawn, axis=0), np.sort(gaussian, axis=0))
    np.testing.assert_array_equal(drawn, Knockoffs(gaussian, seed=1).draw(1))
    assert (drawn != Knockoffs(gaussian, seed=1).draw(2)).any()
    with pytest.raises(DataError, match="8 samples or more, not 5"):
        Knockoffs(gaussian[:5])


def test_right_knockoffs_cannot_be_told_apart_and_wrong_ones_can(gaussian):
    assert swap_test(gaussian, Knockoffs(gaussian).draw(1)).pvalue > 0.05
    rng = np.random.default_rng(5)
    independent = np.column_stack([rng.permutation(gene) for gene in gaussian.T])
    wrong = swap_test(gaussian, independent)
    assert wrong.pvalue < 0.01
    assert wrong.share > 0.6
    # Samples of unequal spread, which no Gaussian model has.
    unequal = np.exp(rng.normal(size=(400, 1))) * rng.normal(size=(400, 150))
    assert swap_test(unequal, Knockoffs(unequal).draw(1)).pvalue < 0.01


def test_e_values_of_one_draw_select_what_its_filter_selects():
    w = GOLDEN["statistics"][20:30]
    for row in w:
        level = 0.2
        selected = e_selected(knockoff_e_values(row[None], level), level)
        # The filter at half the rate, if the e-values it gives are large enough for e-BH.
        by_filter = row >= knockoff_threshold(row, level / 2)
        np.testing.assert_array_equal(selected, by_filter)
    assert not e_selected(np.zeros(10)).any()
    assert e_selected(np.array([100.0, 0, 0, 0]), 0.1).tolist() == [True, False, False, False]


def test_the_error_rate_is_kept_on_planted_classes(gaussian):
    copies, level = Knockoffs(gaussian), 0.2
    false, power = [], []
    for number in range(6):
        codes, mask = planted_classes(gaussian, seed=number)
        assert mask.sum() == 30
        w = []
        for draw in range(3):
            both = np.hstack([gaussian, copies.draw(10 * number + draw)])
            strength = np.square(lasso(both, codes, N_CLASSES)).sum(axis=1)
            w.append(strength[:150] - strength[150:])
        selected = e_selected(knockoff_e_values(np.stack(w), level), level)
        false.append((selected & ~mask).sum() / max(1, selected.sum()))
        power.append((selected & mask).sum() / mask.sum())
    assert np.mean(false) <= level
    assert np.mean(power) > 0.3


def test_the_lasso_is_that_of_scikit_learn():
    import sklearn
    from packaging.version import Version
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 20))
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    codes = (x[:, :3] + rng.gumbel(size=(200, 3))).argmax(axis=1)
    penalty = 0.03
    y = np.eye(3, dtype=np.float32)[codes]
    own = _minimised(x.astype(np.float32), y, np.full(3, penalty, dtype=np.float32))
    # How it is called has changed.
    is_new = Version(sklearn.__version__) >= Version("1.8")
    how = {"l1_ratio": 1} if is_new else {"penalty": "l1"}
    fitted = LogisticRegression(
        **how, C=1 / (200 * penalty), solver="saga", max_iter=5000, tol=1e-6
    ).fit(x, codes)
    np.testing.assert_allclose(own, fitted.coef_.T, atol=2e-3)
    assert lasso_seconds(1000, 10_000, 10) == pytest.approx(3.0)
