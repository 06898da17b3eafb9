"""The one place that starts Keras."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from tissueshap._errors import MissingPackageError


def keras() -> Any:
    """Return the module keras, started on first use.

    TensorFlow greets the user with a page of log lines. They are turned down when this
    package is what starts it, unless ``TF_CPP_MIN_LOG_LEVEL`` is set already.

    Raises
    ------
    MissingPackageError
        Keras or its backend is not installed.
    """
    if "tensorflow" not in sys.modules:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return importlib.import_module("keras")
    except ImportError as error:
        missing = error.name or "tensorflow"
        raise MissingPackageError(
            f"the classifier needs the package {missing!r}: pip install {missing}"
        ) from error


def backend() -> str:
    """Return what Keras runs on: ``"tensorflow"``, ``"jax"`` or ``"torch"``."""
    return str(keras().backend.backend())
