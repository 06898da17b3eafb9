import numpy as np
import pandas as pd

from tissueshap.enrichment import _over_representation


def test_adjusted_is_benjamini_hochberg():
    found = _over_representation.adjusted(pd.Series([0.02, 0.01, 0.9, 0.03]))
    np.testing.assert_allclose(found, [0.04, 0.04, 0.9, 0.04], rtol=1e-12)
    assert _over_representation.adjusted(pd.Series([], dtype=float)).size == 0


def test_q_values_at_the_edges():
    assert _over_representation.q_values(pd.Series([], dtype=float)).size == 0
    assert np.isnan(_over_representation.q_values(pd.Series([0.01, 0.02]))).all()
    np.testing.assert_allclose(_over_representation.q_values(pd.Series([0.5, 0.9])), [0.9, 0.9])
