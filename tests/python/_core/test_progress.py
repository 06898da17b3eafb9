"""Long work says in the log how far it is, where there is no bar to see."""

from __future__ import annotations

import io
import logging

import pytest

import tissueshap as ts
from tissueshap._core.progress import progress


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that only the test moves."""
    now = [0.0]
    monkeypatch.setattr("tissueshap._core.progress.time.monotonic", lambda: now[0])
    return now


def _slowly(clock, items, seconds):
    for item in items:
        clock[0] += seconds
        yield item


def test_a_line_now_and_then(clock, caplog):
    with caplog.at_level(logging.INFO, "tissueshap"):
        work = progress(_slowly(clock, range(9), 10), total=9, desc="training", unit="epoch")
        assert list(work) == list(range(9))
    assert caplog.messages == [
        "training: 3 of 9 epochs after 30 s",
        "training: 6 of 9 epochs after 60 s",
    ]


def test_short_work_says_nothing(clock, caplog):
    with caplog.at_level(logging.DEBUG, "tissueshap"):
        assert list(progress(_slowly(clock, "ab", 10), desc="reading", unit=" genes")) == ["a", "b"]
    assert caplog.messages == []


def test_an_unknown_length_and_a_state(clock, caplog):
    with (
        caplog.at_level(logging.INFO, "tissueshap"),
        progress(desc="reading", unit=" genes") as bar,
    ):
        bar.set_postfix({"loss": "0.3"})
        clock[0] = 95
        bar.update(1200)
    assert caplog.messages == ["reading: 1,200 genes after 95 s, loss 0.3"]


@pytest.mark.parametrize(("shown", "file"), [(True, _Terminal()), (False, io.StringIO())])
def test_beside_a_bar_lines_are_hints(clock, caplog, shown, file):
    with caplog.at_level(ts.logging.HINT, "tissueshap"), ts.settings.override(progress=shown):
        list(progress(_slowly(clock, range(4), 30), total=4, desc="explaining", file=file))
    assert [record.levelno for record in caplog.records] == [ts.logging.HINT] * 3
