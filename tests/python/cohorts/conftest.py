"""The real cohorts, run once by the script that makes the pages of docs/cohorts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tissueshap import settings

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def cohorts() -> ModuleType:
    return _loaded("cohorts")


@pytest.fixture(scope="session")
def reports() -> ModuleType:
    return _loaded("cohort_reports")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    monkeypatch.setattr(settings, "progress", False)
