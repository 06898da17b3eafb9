"""The package's messages: ``ts.logging``.

All go to the logger ``tissueshap`` of :mod:`logging`. Nothing is configured at import: a
library leaves this to its user, who configures the logger or sets ``ts.settings.verbosity``.
Until then Python itself prints warnings and errors.
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

#: Packages that affect the results.
_DECISIVE = ("tissueshap", "anndata", "keras", "numpy", "pandas", "scikit-learn", "umap-learn")


def show(level: int | str | None = "info") -> None:
    """Print the package's messages to standard error, once.

    Parameters
    ----------
    level
        The lowest level to print, by name or number of :mod:`logging`, or None to stop
        printing.
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
    """Print the versions of the packages that affect the results, to report with a result.

    ``tissueshap doctor`` prints all packages, including missing ones.

    Parameters
    ----------
    file
        The file to print to; standard output by default.
    """
    versions = []
    for name in _DECISIVE:
        try:
            versions.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    (file or sys.stdout).write(" ".join(versions) + "\n")
