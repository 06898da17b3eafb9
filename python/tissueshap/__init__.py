"""Name the genes a classifier uses to distinguish tissues, and measure that explanation.

``import tissueshap as ts`` gives scanpy-style namespaces on one AnnData: ``ts.io``,
``ts.pp``, ``ts.tl``, ``ts.pl``, ``ts.get``, ``ts.datasets``, ``ts.model``, ``ts.report``. They
are loaded when first used, so the import itself is quick. ``ts.settings`` and
``ts.logging`` hold for the session.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from tissueshap._core import errors, logging
from tissueshap._core.settings import settings
from tissueshap._version import __version__

if TYPE_CHECKING:
    from tissueshap import (
        adapters,
        calibration,
        datasets,
        explain,
        get,
        io,
        model,
        pl,
        pp,
        report,
        tl,
        trust,
        workflow,
    )

_NAMESPACES = frozenset(
    (
        "adapters",
        "calibration",
        "datasets",
        "explain",
        "get",
        "io",
        "model",
        "pl",
        "pp",
        "report",
        "tl",
        "trust",
        "workflow",
    )
)

__all__ = [
    "__version__",
    "adapters",
    "calibration",
    "datasets",
    "errors",
    "explain",
    "get",
    "io",
    "logging",
    "model",
    "pl",
    "pp",
    "report",
    "settings",
    "tl",
    "trust",
    "workflow",
]


def __getattr__(name: str) -> Any:
    if name in _NAMESPACES:
        return importlib.import_module(f"tissueshap.{name}")
    raise AttributeError(f"module 'tissueshap' has no attribute {name!r}")


def __dir__() -> list[str]:
    return list(__all__)
