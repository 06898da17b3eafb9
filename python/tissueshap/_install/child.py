"""Another program, asked for what it knows."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence


def answer(command: Sequence[str], *, seconds: float) -> subprocess.CompletedProcess[str] | None:
    """Run a program and return what it has printed, whether or not it failed.

    Parameters
    ----------
    command
        The program and its arguments.
    seconds
        How long to wait for it.

    Returns
    -------
    None if it cannot be started or does not end.
    """
    try:
        return subprocess.run(
            list(command), capture_output=True, text=True, check=False, timeout=seconds
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
