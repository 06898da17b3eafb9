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


#: Ends where Keras is about to be imported, and says how loud it would have been.
_WATCHED = """
import os, sys
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "keras":
            print(os.environ.get("TF_CPP_MIN_LOG_LEVEL"), flush=True)
            os._exit(0)
sys.meta_path.insert(0, Watch())
from tissueshap.model._classifier import load
from tissueshap.model._train import train
{call}
"""


def _in_a_fresh_process(code):
    source = Path(__file__).resolve().parents[3] / "python"
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**env, "PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_importing_starts_nothing():
    _in_a_fresh_process(_LAZY)


def test_tensorflow_is_told_to_be_quiet_before_it_starts(classifier, tmp_path):
    folder = classifier.save(tmp_path / "model")
    assert _in_a_fresh_process(_WATCHED.format(call=f"load({str(folder)!r})")) == "3"
    trained = "train(None, None, genes=[], classes=[])"
    assert _in_a_fresh_process(_WATCHED.format(call=trained)) == "3"


def test_a_missing_backend_is_named_with_its_remedy(monkeypatch):
    def missing(_):
        raise ModuleNotFoundError("No module named 'jax'", name="jax")

    monkeypatch.setattr(_backend.importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match="pip install jax"):
        _backend.keras()
