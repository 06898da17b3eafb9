"""A run in a process of its own, for ``test_killed.py``, which passes its data and options."""

from __future__ import annotations

from typing import Any

from tissueshap import workflow

#: Of the run: filled in by ``runpy.run_path``.
passed: dict[str, Any] = globals()["__passed__"]

workflow.run(passed["adata"], **passed["options"])
