"""The one place that starts Keras."""

from __future__ import annotations

import importlib
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tissueshap._core.options import missing_package

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"

#: Lines that TensorFlow's C++ part writes at its start, whatever its log level: about
#: processors, missing GPUs, the log itself, and (before version 2.20) plugins of CUDA that
#: register twice.
_GREETINGS = re.compile(
    rb"I\d{4} [^\n]*\n"
    rb"|[EW]\d{4} [^\n]*already (?:been )?registered[^\n]*\n"
    rb"|WARNING: All log messages before absl::InitializeLog[^\n]*\n"
    rb"|To enable the following instructions: [^\n]*\n"
)


def _not_retracing(record: logging.LogRecord) -> bool:
    """Return False for TensorFlow's warning that a trainer is compiled again.

    Each network has its own trainer, so training several networks in a row is fine.
    """
    return "_step_on_" not in record.getMessage()


def keras() -> Any:
    """Return the module keras, started on first use.

    TensorFlow writes a page of log lines when it starts. They are suppressed if this
    package starts it, unless ``TF_CPP_MIN_LOG_LEVEL`` is set already.

    Raises
    ------
    MissingPackageError
        Keras or its backend is not installed.
    """
    # The same function again is added once.
    logging.getLogger("tensorflow").addFilter(_not_retracing)
    try:
        if "tensorflow" in sys.modules or _LEVEL in os.environ:
            return importlib.import_module("keras")
        os.environ[_LEVEL] = "3"
        with _without_greetings():
            return importlib.import_module("keras")
    except ImportError as error:
        package = error.name or "tensorflow"
        raise missing_package("the classifier", package, f"pip install {package}") from error


def backend() -> str:
    """Return what Keras runs on: ``"tensorflow"``, ``"jax"`` or ``"torch"``.

    Examples
    --------
    >>> ts.model.backend() in ("tensorflow", "jax", "torch")
    True
    """
    return str(keras().backend.backend())


@contextmanager
def _without_greetings() -> Iterator[None]:
    """Suppress the start-up lines on standard error, and show all other lines at the end.

    They come from C++, not through ``sys.stderr``, so the file descriptor is redirected.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # there is no standard error
        yield
        return
    with tempfile.TemporaryFile() as diverted:
        os.dup2(diverted.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            diverted.seek(0)
            os.write(2, _GREETINGS.sub(b"", diverted.read()))
