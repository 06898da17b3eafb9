"""The log of a run, written while it runs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from tissueshap._core.logging import HINT, logger

#: Its name in the folder of results.
LOG = "log.txt"


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Copy the package's messages, including hints, and all warnings into a file.

    What is printed does not change: the messages are copied by a filter, because another
    handler would stop Python from printing warnings.

    Parameters
    ----------
    path
        The file to write.
    """
    file = logging.FileHandler(path, encoding="utf-8", errors="backslashreplace")
    file.setFormatter(_Lines())
    copying, level = _Copying(file, logger.getEffectiveLevel()), logger.level
    logger.setLevel(min(HINT, copying.printed_from))
    logger.addFilter(copying)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = copying.shown(warnings.showwarning)  # type: ignore[assignment]
            yield
    finally:
        logger.removeFilter(copying)
        logger.setLevel(level)
        file.close()


class _Lines(logging.Formatter):
    """Formats a line: the time, the level if it is a warning, and the message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s  %(message)s", "%Y-%m-%d %H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        if record.levelno >= logging.WARNING and not record.message.startswith("Warning: "):
            record.message = f"{record.levelname.capitalize()}: {record.message}"
        return super().formatMessage(record)


class _Copying(logging.Filter):
    """Copies each message to a file, and lets those pass that would be printed anyway."""

    def __init__(self, file: logging.Handler, printed_from: int) -> None:
        super().__init__()
        self._file, self.printed_from = file, printed_from
        self._is_warning = False

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= HINT and not self._is_warning:
            self._file.handle(record)
        return record.levelno >= self.printed_from

    def shown(self, otherwise: Any) -> Any:
        """Return a ``warnings.showwarning`` that writes a warning to the file first."""

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            text = f"Warning: {message} ({category.__name__})"
            fields = (logger.name, logging.WARNING, filename, lineno, text, (), None)
            self._file.handle(logging.LogRecord(*fields))
            # If warnings are shown as messages, this one must not be written twice.
            self._is_warning = True
            try:
                otherwise(message, category, filename, lineno, file, line)
            finally:
                self._is_warning = False

        return show
