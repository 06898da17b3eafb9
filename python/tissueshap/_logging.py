"""The package's logger, and its progress bars.

Nothing is configured at import: a library leaves that to its user. The command
line calls :func:`show` to print messages.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from typing import Any, TypeVar

from tissueshap._settings import settings

T = TypeVar("T")

logger = logging.getLogger("tissueshap")
logger.addHandler(logging.NullHandler())


def show(level: int | str = "INFO") -> None:
    """Print the package's messages to standard error, once."""
    if not any(type(h) is logging.StreamHandler for h in logger.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)
    logger.setLevel(level)


def progress(items: Iterable[T] | None = None, **options: Any) -> Any:
    """Return a tqdm bar that appears only when the work takes more than two seconds.

    Parameters
    ----------
    items
        What to iterate over, or None to update the bar by hand.
    options
        Passed to :class:`tqdm.auto.tqdm`: ``total``, ``desc``, ``unit``.
    """
    from tqdm.auto import tqdm

    options = {"delay": 2, "leave": False, "disable": not settings.progress, **options}
    return tqdm(items, **options)
