"""Prediction sets and errors beside those of mapie, crepes and netcal."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import softmax

from tissueshap.calibration import (
    LEVELS,
    Thresholds,
    expected_calibration_error,
    fit_scaling,
    nonconformity,
    prediction_sets,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "conformal.npz"


@pytest.fixture(scope="module")
def golden() -> SimpleNamespace:
    with np.load(GOLDEN) as file:
        values = dict(file)
    values["scores"] = nonconformity(softmax(values["logits"], axis=1))
    values["new_scores"] = nonconformity(softmax(values["new_logits"], axis=1))
    return SimpleNamespace(**values)


@pytest.mark.parametrize("level", LEVELS)
def test_sets_are_those_of_mapie_and_crepes(golden, level):
    thresholds = Thresholds.of(golden.scores, golden.codes)
    sets = prediction_sets(golden.new_scores, thresholds, level)
    np.testing.assert_array_equal(sets, getattr(golden, f"mapie_{level}"))
    np.testing.assert_array_equal(sets, getattr(golden, f"crepes_{level}"))


@pytest.mark.parametrize("level", LEVELS)
def test_sets_by_class_are_those_of_crepes(golden, level):
    thresholds = Thresholds.of(golden.scores, golden.codes)
    sets = prediction_sets(golden.new_scores, thresholds, level, by_class=True)
    np.testing.assert_array_equal(sets, getattr(golden, f"crepes_by_class_{level}"))
    # Eight samples are too few to leave the last class out at either level.
    assert sets[:, 4].all()


def test_expected_calibration_error_is_that_of_netcal(golden):
    error = expected_calibration_error(softmax(golden.new_logits, axis=1), golden.new_codes)
    assert error == pytest.approx(float(golden.ece), abs=1e-12)


def test_temperature_is_that_of_netcal_but_for_platts_targets(golden):
    scaling = fit_scaling(golden.logits, golden.codes, method="temperature")
    # One error more among 402 samples makes them a little less certain.
    assert scaling.slope[0] == pytest.approx(float(golden.temperature[0]), rel=0.02)
    assert scaling.slope[0] < float(golden.temperature[0])
