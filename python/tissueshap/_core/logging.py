"""The package's messages: ``ts.logging``.

All go to the logger ``tissueshap`` of :mod:`logging`. Nothing is configured at import:
a library leaves that to its user, who says it there or by ``ts.settings.verbosity``.
Until then Python itself prints warnings and worse.
"""

from __future__ import annotations

import logging
import sys
from importlib import metadata
from typing import TextIO

__all__ = ["HINT", "logger", "print_header", "show"]

#: Between INFO and DEBUG, as in scanpy.
HINT = 15

logger = logging.getLogger("tissueshap")

#: What decides about the numbers.
_DECISIVE = ("tissueshap", "anndata", "keras", "numpy", "pandas", "scikit-learn", "umap-learn")


def show(level: int | str | None = "info") -> None:
    """Print the package's messages to standard error, once.

    Parameters
    ----------
    level
        The least important to print, by name or number of :mod:`logging`, or None to
        print none of our own accord any longer.
    """
    ours = [handler for handler in logger.handlers if isinstance(handler, _ToStderr)]
    if level is None:
        for handler in ours:
            logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        return
    if not ours:
        logger.addHandler(_ToStderr())
    number = HINT if level == "hint" else level
    logger.setLevel(number.upper() if isinstance(number, str) else number)


class _ToStderr(logging.StreamHandler[TextIO]):
    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(logging.Formatter("%(message)s"))


def print_header(*, file: TextIO | None = None) -> None:
    """Print the versions of what decides about the numbers, to report with a result.

    ``tissueshap doctor`` says more, and what is missing.

    Parameters
    ----------
    file
        Where to; standard output by default.
    """
    found = []
    for name in _DECISIVE:
        try:
            found.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    (file or sys.stdout).write(" ".join(found) + "\n")
