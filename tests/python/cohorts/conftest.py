"""The real cohorts, run once by the script that makes the pages of docs/cohorts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tissueshap import settings

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "cohorts.py"


@pytest.fixture(scope="session")
def cohorts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cohorts", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(settings, "progress", False)
