"""A run in a process of its own, for ``test_killed.py``, which passes its data and options."""

from __future__ import annotations

from typing import Any

from tissueshap import workflow
from tissueshap.trust._checks import _retrain

#: Of the run: filled in by ``runpy.run_path``.
passed: dict[str, Any] = globals()["__passed__"]

# A quick look trains again depending on seconds, which are not the same twice.
_retrain._QUICK_SECONDS = float("inf")
workflow.run(passed["adata"], **passed["options"])
