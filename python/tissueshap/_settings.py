"""Settings that hold for a session: ``ts.settings``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Settings:
    """Settings of a session.

    Attributes
    ----------
    progress
        Show progress bars for what takes longer than two seconds.
    n_jobs
        Processes or threads for what can run in parallel; -1 is all cores.
    figdir
        Folder for figures that are saved by a relative name.
    rlib
        R library to search before R's own, or None to find it (see ``_rhost.py``).
    """

    progress: bool = True
    n_jobs: int = -1
    figdir: Path = Path("figures")
    rlib: Path | None = None

    @property
    def cores(self) -> int:
        """Number of workers that ``n_jobs`` stands for on this machine."""
        if self.n_jobs >= 1:
            return self.n_jobs
        return (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else (os.cpu_count() or 1)
        )


settings = Settings()
