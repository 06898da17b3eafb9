from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tissueshap._core.errors import MissingPackageError
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
import pandas as pd
from tissueshap.model import TrainingRows, preset
from tissueshap.model._train import train
{call}
"""


def _run(code, **environment):
    source = Path(__file__).resolve().parents[3] / "python"
    env = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        env={**env, "PYTHONPATH": str(source), **environment},
        capture_output=True,
        text=True,
    )


def _in_a_fresh_process(code):
    return _run(code).stdout.strip()


def test_importing_starts_nothing():
    _in_a_fresh_process(_LAZY)


def test_tensorflow_is_told_to_be_quiet_before_it_starts(classifier, tmp_path):
    folder = classifier.save(tmp_path / "model")
    assert _in_a_fresh_process(_WATCHED.format(call=f"load({str(folder)!r})")) == "3"
    rows = "TrainingRows(pd.DataFrame(), None, None, None, None)"
    trained = f"train({rows}, preset('small'), genes=[], classes=[])"
    assert _in_a_fresh_process(_WATCHED.format(call=trained)) == "3"


def test_a_missing_backend_is_named_with_its_remedy(monkeypatch):
    def missing(_):
        raise ModuleNotFoundError("No module named 'jax'", name="jax")

    monkeypatch.setattr(_backend.importlib, "import_module", missing)
    with pytest.raises(MissingPackageError, match="pip install jax"):
        _backend.keras()


#: Starts TensorFlow and computes something; what it says itself is for the user.
_STARTS = """
import os, sys
from tissueshap.model import _backend
keras = _backend.keras()
keras.ops.add(1.0, 1.0)
sys.stderr.write("the end")
"""


def test_tensorflow_starts_without_a_word():
    assert _run(_STARTS).stderr == "the end"


def test_a_level_that_the_user_has_set_is_left_alone():
    assert _run(_STARTS, TF_CPP_MIN_LOG_LEVEL="0").stderr.count("\n") > 1


def test_other_lines_of_a_start_are_shown(capfd):
    with _backend._without_greetings():
        os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called are\n")
        os.write(2, b"I0000 00:00:1 2 port.cc:153] oneDNN custom operations are on.\n")
        os.write(2, b"E0000 00:00:1 2 gpu.cc:7] the driver is too old\n")
    assert capfd.readouterr().err == "E0000 00:00:1 2 gpu.cc:7] the driver is too old\n"


def test_what_fails_says_why(capfd):
    with pytest.raises(ImportError), _backend._without_greetings():
        os.write(2, b"libcuda.so is not there\n")
        raise ImportError
    assert capfd.readouterr().err == "libcuda.so is not there\n"
