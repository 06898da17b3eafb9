"""Progress of long work: bars on a terminal, and lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from logging import INFO
from typing import Any

from tissueshap._core.logging import HINT, logger
from tissueshap._core.settings import settings

#: Seconds from one line to the next.
EVERY = 30.0


def bar(items: Iterable[Any] | None = None, **options: Any) -> Any:
    """Return a tqdm bar that appears, in a terminal or notebook, after two seconds of work.

    Parameters
    ----------
    items
        The items to iterate over, or None to update the bar manually.
    options
        Passed to :class:`tqdm.auto.tqdm`: ``total``, ``desc``, ``unit``.
    """
    from tqdm.auto import tqdm

    # For tqdm, None means "only in a terminal or notebook": in a log file, all of a bar's
    # many states would be written.
    disable = None if settings.progress else True
    return tqdm(items, **{"delay": 2, "leave": False, "disable": disable, **options})


class Progress:
    """A :func:`bar` that also reports its progress in the package's log from time to time.

    The lines are meant for when no bar is shown; with a bar they are hints, which a run's log
    file also has.

    Parameters
    ----------
    items
        The items to iterate over, or None to call :meth:`update` manually.
    desc
        What the work is.
    unit
        What is counted.
    options
        As for :func:`bar`.
    """

    def __init__(
        self, items: Iterable[Any] | None, *, desc: str, unit: str = "item", **options: Any
    ) -> None:
        self._items, self._desc, self._unit = items, desc, f"{unit.strip().rstrip('s')}s"
        self._bar = bar(items, desc=desc, unit=unit, **options)
        self._total: int | None = self._bar.total
        self._n, self._state = 0, ""
        self._began = self._said = time.monotonic()
        # With a bar, or if progress is turned off, lines are hints.
        self._level = INFO if self._bar.disable and settings.progress else HINT

    def __iter__(self) -> Iterator[Any]:
        with self:
            for item in self._items or ():
                yield item
                self.update()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, n: int = 1) -> None:
        """Count up to ``n`` more."""
        self._n += n
        self._bar.update(n)
        now = time.monotonic()
        if now - self._said >= EVERY and self._n != self._total:
            self._said = now
            whole = "" if self._total is None else f" of {self._total:,}"
            logger.log(
                self._level,
                "%s: %s%s %s after %.0f s%s",
                *(self._desc, f"{self._n:,}", whole, self._unit, now - self._began, self._state),
            )

    def set_postfix(self, state: dict[str, str], *, refresh: bool = False) -> None:
        """Show text after the numbers."""
        self._state = "".join(f", {name} {value}" for name, value in state.items())
        self._bar.set_postfix(state, refresh=refresh)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def progress(items: Iterable[Any] | None = None, *, desc: str = "working", **options: Any) -> Any:
    """Return a :class:`Progress` of some work.

    Parameters
    ----------
    items
        The items to iterate over, or None to update it manually.
    desc
        What the work is.
    options
        ``total`` and ``unit``, and as for :class:`tqdm.auto.tqdm`.
    """
    return Progress(items, desc=desc, **options)
