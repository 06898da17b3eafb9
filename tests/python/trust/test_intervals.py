"""Intervals of shares."""

import numpy as np
import pytest
from scipy.stats import binomtest

from tissueshap.trust import wilson


@pytest.mark.parametrize(("hits", "total"), [(0, 5), (9, 12), (20, 20), (47, 100)])
def test_it_is_scipy_s_wilson_interval(hits, total):
    expected = binomtest(hits, total).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(hits, total), (expected.low, expected.high), atol=1e-12)


def test_nothing_of_nothing_may_be_any_share():
    assert wilson(0, 0) == (0, 1)
