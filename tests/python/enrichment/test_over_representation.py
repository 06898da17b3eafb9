import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from tissueshap.enrichment import _over_representation


def test_adjusted_is_benjamini_hochberg():
    p = pd.Series(np.random.default_rng(0).uniform(size=50) ** 3)
    found = _over_representation.adjusted(p)
    np.testing.assert_allclose(found, false_discovery_control(p, method="bh"), rtol=1e-12)


def test_q_values_at_the_edges():
    assert _over_representation.q_values(pd.Series([], dtype=float)).size == 0
    assert np.isnan(_over_representation.q_values(pd.Series([0.01, 0.02]))).all()
    np.testing.assert_allclose(_over_representation.q_values(pd.Series([0.5, 0.9])), [0.9, 0.9])
