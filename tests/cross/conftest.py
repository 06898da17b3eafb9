"""The fixtures of tests/python, for the tests that start both hosts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_path = Path(__file__).parents[1] / "python" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tissueshap_test_fixtures", _path)
if _spec is None or _spec.loader is None:
    raise ImportError(f"{_path} is missing: the tests in tests/cross use its fixtures")
_shared = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_shared)

data_dir = _shared.data_dir
toy = _shared.toy
_toy = _shared._toy
pytest_collection_modifyitems = _shared.pytest_collection_modifyitems
