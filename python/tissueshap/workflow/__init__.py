"""The whole method as one run, with its settings, timings and outputs."""

from tissueshap.workflow._config import Config
from tissueshap.workflow._demo import demo
from tissueshap.workflow._predict import predict
from tissueshap.workflow._run import run

__all__ = ["Config", "demo", "predict", "run"]

# For the other packages of tissueshap.
from tissueshap.workflow._config import PANELS as PANELS, options as options, types as types
from tissueshap.workflow._plan import Plan as Plan, plan as plan
from tissueshap.workflow._values import (
    base_type as base_type,
    choices as choices,
    repeats as repeats,
)
