"""The log of a run: what is printed stays as the user has it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tissueshap._core.errors import DataWarning
from tissueshap._core.logging import HINT, logger
from tissueshap.workflow._log_file import log_file


def _lines(path: Path) -> list[str]:
    """Return the messages, of which each has its time."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  ", line) for line in lines)
    return [line[21:] for line in lines]


def test_messages_are_written_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    with log_file(path):
        logger.debug("not this")
        logger.log(HINT, "begins")
        logger.info("a gene called é")
        logger.warning("odd")
        assert _lines(path) == ["begins", "a gene called é", "Warning: odd"]
    logger.warning("afterwards")
    assert len(_lines(path)) == 3


def test_python_warnings_are_written_once_and_shown_as_before(tmp_path: Path) -> None:
    path, shown = tmp_path / "log.txt", []

    def show(message: Warning, *_: object) -> None:
        shown.append(str(message))
        logger.warning("Warning: %s", message)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show  # type: ignore[assignment]
        with log_file(path):
            warnings.warn("few samples", DataWarning, stacklevel=1)
        assert warnings.showwarning is show
    assert shown == ["few samples"]
    assert _lines(path) == ["Warning: few samples (DataWarning)"]


def test_what_is_heard_elsewhere_does_not_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    level = logger.level
    with caplog.at_level(logging.WARNING, "tissueshap"), log_file(tmp_path / "log.txt"):
        logger.info("for the file alone")
        logger.warning("for all")
    assert caplog.messages == ["for all"]
    assert (logger.level, logger.filters) == (level, [])
    assert _lines(tmp_path / "log.txt") == ["for the file alone", "Warning: for all"]


def test_warnings_are_printed_when_nobody_configured_anything(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tissueshap._core.logging import logger\n"
        "from tissueshap.workflow._log_file import log_file\n"
        "with log_file(Path(sys.argv[1])): logger.info('quiet'); logger.warning('loud')"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "log.txt")]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stderr == "loud\n"
    assert _lines(tmp_path / "log.txt") == ["quiet", "Warning: loud"]
