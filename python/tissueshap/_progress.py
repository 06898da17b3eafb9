"""Bars of long work."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from tissueshap._settings import settings

T = TypeVar("T")


def progress(items: Iterable[T] | None = None, **options: Any) -> Any:
    """Return a tqdm bar that appears, in a terminal or notebook, after two seconds of work.

    Parameters
    ----------
    items
        What to iterate over, or None to update the bar by hand.
    options
        Passed to :class:`tqdm.auto.tqdm`: ``total``, ``desc``, ``unit``.
    """
    from tqdm.auto import tqdm

    # tqdm takes None for "where standard error is a terminal, or in a notebook": in a log
    # file each of a bar's thousand states would be kept.
    disable = None if settings.progress else True
    options = {"delay": 2, "leave": False, "disable": disable, **options}
    return tqdm(items, **options)
