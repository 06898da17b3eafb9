from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tissueshap._errors import MissingPackageError
from tissueshap.model import _backend

_LAZY = """
import os, sys
import tissueshap.model, tissueshap.explain, tissueshap.tl
heavy = {"keras", "tensorflow", "jax", "torch", "sklearn", "shap"} & set(sys.modules)
assert not heavy, heavy
assert "TF_CPP_MIN_LOG_LEVEL" not in os.environ
"""


def test_importing_starts_nothing():
    source = Path(__file__).resolve().parents[3] / "python"
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    subprocess.run(
        [sys.executable, "-c", _LAZY], check=True, env={**env, "PYTHONPATH": str(source)}
    )


def test_a_missing_backend_is_named_with_its_remedy(monkeypatch):
    def missing(_):
        raise ModuleNotFoundError("No module named 'jax'", name="jax")

    monkeypatch.setattr(_backend.importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match="pip install jax"):
        _backend.keras()
