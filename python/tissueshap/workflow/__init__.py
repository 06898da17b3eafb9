"""The whole method as one run, with its settings, timings and outputs."""

from tissueshap.workflow._config import Config
from tissueshap.workflow._demo import demo
from tissueshap.workflow._run import run

__all__ = ["Config", "demo", "run"]
