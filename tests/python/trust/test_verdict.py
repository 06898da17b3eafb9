"""Verdicts turn at their thresholds."""

import numpy as np
import pytest

from tissueshap.trust import Row, summary


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
