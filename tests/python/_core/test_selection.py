"""What is missing is never selected."""

import numpy as np
import pandas as pd

from tissueshap._core import selection


def test_missing_values_are_not_selected():
    values = pd.Series([np.nan, 3.0, np.nan, 1.0, 3.0], index=list("abcde"))
    assert list(selection.lowest(values, 4)) == ["d", "b", "e"]
    assert list(selection.highest(values, 2)) == ["b", "e"]
    assert list(selection.lowest(values * np.nan, 3)) == []


def test_columns_are_selected_from_one_by_one():
    scores = np.array([[np.nan, np.nan], [2.0, np.nan], [5.0, np.nan]])
    assert selection.orders(scores)[:, 0].tolist() == [2, 1, 0]
    assert selection.top(scores, 3).tolist() == [[False, False], [True, False], [True, False]]
