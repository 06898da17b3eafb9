"""Verdicts turn at their thresholds."""

import numpy as np
import pytest

from tissueshap.trust import Row, summary
from tissueshap.trust._verdict import agreement, more_than_none


def row(**changed):
    return Row(**{"check": "c", "question": "q", "measure": "m", "threshold": 0.5, **changed})


@pytest.mark.parametrize(
    ("value", "higher", "verdict"),
    [
        (0.5, True, "holds"),
        (0.49, True, "fails"),
        (0.5, False, "holds"),
        (0.51, False, "fails"),
        (np.nan, True, "not measured"),
    ],
)
def test_verdicts(value, higher, verdict):
    assert row(value=value, higher=higher).verdict == verdict


def test_the_table_has_every_row_and_its_reason_last():
    table = summary([row(value=1.0), row(reason="why")])
    assert list(table["verdict"]) == ["holds", "not measured"]
    assert table.columns[-1] == "reason"


@pytest.mark.parametrize(("chance", "threshold"), [(0.0, 0.5), (1 / 3, 2 / 3), (1.0, 1.0)])
def test_agreement_is_asked_half_way_from_chance_to_identity(chance, threshold):
    assert agreement(chance, 0.5) == pytest.approx(threshold)


def test_what_one_mean_in_twenty_exceeds_by_chance():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(8), 3)
    exceeded = 0
    for _ in range(2000):
        # Samples of one class share most of what they differ by.
        values = np.repeat(rng.normal(size=8), 3) + 0.1 * rng.normal(size=24)
        exceeded += values.mean() > more_than_none(values, codes, level=0.05)
    assert exceeded / 2000 == pytest.approx(0.05, abs=0.015)
    assert more_than_none(np.ones(3), np.zeros(3, dtype=np.int64), level=0.05) == 0
