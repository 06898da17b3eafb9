"""How far a prediction can be relied on: plain functions of arrays.

Calibrated probabilities (:func:`fit_scaling`), their reliability, prediction sets with a
stated coverage (:class:`Thresholds`), and how far a sample lies from the training samples
(:class:`Novelty`). :class:`Calibration` is all of them, as a model carries it.
"""

from tissueshap.calibration._calibration import Calibration, Judged, fit
from tissueshap.calibration._conformal import Thresholds, nonconformity, prediction_sets
from tissueshap.calibration._novelty import Novelty, novelty_pvalues
from tissueshap.calibration._reliability import expected_calibration_error, reliability
from tissueshap.calibration._scaling import Scaling, fit_scaling

__all__ = [
    "Calibration",
    "Judged",
    "Novelty",
    "Scaling",
    "Thresholds",
    "expected_calibration_error",
    "fit",
    "fit_scaling",
    "nonconformity",
    "novelty_pvalues",
    "prediction_sets",
    "reliability",
]

# For the other packages of tissueshap.
from tissueshap.calibration._calibration import (
    FALSE_ALARMS as FALSE_ALARMS,
    LEVEL as LEVEL,
    VERDICTS as VERDICTS,
)
from tissueshap.calibration._conformal import LEVELS as LEVELS
