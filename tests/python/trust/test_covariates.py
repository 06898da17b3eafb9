"""Columns that genes predict within a class, and the share of values that they explain."""

import numpy as np
import pandas as pd
import pytest

from tissueshap.trust._covariates import (
    explained_share,
    prediction_scores,
    pvalue,
    usable,
    within_classes,
)


def test_rare_levels_and_few_numbers_are_not_predicted():
    column = pd.Series(["f"] * 6 + ["m"] * 5 + ["x"] * 4 + [None])
    assert usable(column).value_counts().to_dict() == {"f": 6, "m": 5}
    assert usable(pd.Series(["f"] * 20 + ["m"] * 4)) is None
    ages = pd.Series([*np.arange(12.0), np.nan])
    assert usable(ages).tolist() == list(range(12))
    assert usable(pd.Series([True] * 6 + [False] * 6)).nunique() == 2
    # A few numbers are levels, as decades of age are.
    assert usable(pd.Series([20.0] * 5 + [30.0] * 5)).tolist() == ["20.0"] * 5 + ["30.0"] * 5
    obs = pd.DataFrame({"sex": list(column), "one": "a"})
    codes = np.array([0] * 11 + [1] * 4 + [-1])
    ((name, code, rows, known),) = within_classes(obs, codes, ["sex", "one"], most=50, seed=1)
    assert (name, code, len(known)) == ("sex", 0, 11)
    assert rows.tolist() == list(range(11))


@pytest.mark.parametrize("kind", ["number", "category"])
def test_a_column_is_predicted_by_its_gene_alone(kind):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 6))
    column = pd.Series(x[:, 2]) if kind == "number" else pd.Series(np.where(x[:, 2] > 0, "a", "b"))
    scores = prediction_scores(x, column, seed=1)
    assert scores.shape == (40,)
    assert scores[0] > 0.75
    assert pvalue(scores) == 1 / 40
    without = prediction_scores(np.delete(x, 2, axis=1), column, seed=1)
    assert without[0] < 0.65
    assert pvalue(without) > 0.05


def test_the_share_is_adjusted_r_squared():
    from scipy.stats import linregress

    rng = np.random.default_rng(2)
    age = pd.Series(rng.normal(size=30))
    values = rng.normal(size=(30, 2)) + np.column_stack([2 * age, np.zeros(30)])
    share = explained_share(values, age)
    expected = 1 - (1 - linregress(age, values[:, 0]).rvalue ** 2) * 29 / 28
    assert share[0] == pytest.approx(expected)
    assert share[1] < 0.2
    # Of levels: that of an analysis of variance.
    batch = pd.Series(np.repeat(["a", "b", "c"], 10))
    means = pd.DataFrame(values).groupby(batch.to_numpy()).transform("mean").to_numpy()
    left = np.square(values - means).sum(axis=0) / 27
    np.testing.assert_allclose(explained_share(values, batch), 1 - left / values.var(0, ddof=1))
    # Without any relation it is 0 on average.
    shares = explained_share(rng.normal(size=(30, 4000)), batch)
    assert abs(shares.mean()) < 0.005
    assert np.isnan(explained_share(np.ones((30, 1)), batch)).all()
    assert np.isnan(explained_share(values[:3], batch[::10].reset_index(drop=True))).all()
