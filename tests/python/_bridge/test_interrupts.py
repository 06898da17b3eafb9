from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tissueshap._bridge import interrupts
from tissueshap._bridge.interrupts import passed_on, patience

_IN_R = """
import signal, sys
from contextlib import nullcontext
from pathlib import Path
from tissueshap._bridge import interrupts, r
from tissueshap._core.folders import whole_folder

def stop(*_):
    raise KeyboardInterrupt

signal.signal(signal.SIGTERM, stop)
out, code, seconds = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
wait = interrupts.patience(seconds) if seconds else nullcontext()
with r._session() as ri, wait, whole_folder(out, overwrite=False) as folder:
    (folder / "x").write_text("")
    run = "list2env(list(run = function(text) eval(parse(text = text))))"
    where = ri.evalr(run, envir=ri.baseenv)
    print("started", flush=True)
    try:
        r._evaluate(ri, "run", {"text": code}, where)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(7)
"""

_LOOP = "repeat {}"
_MESSAGES = "repeat { message('a'); Sys.sleep(0.01) }"
_WAIT = "Sys.sleep(60)"
_DEAF = "suspendInterrupts(repeat {})"
_DEAF_AFTER = f"tryCatch({_WAIT}, finally = {_DEAF})"


def _interrupted(
    out: Path, code: str, number: int, seconds: float = 0
) -> tuple[int, float, str, str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_R, str(out), code, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(0.5)
    process.send_signal(number)
    began = time.monotonic()
    said, errors = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - began, said, errors


@pytest.mark.r
@pytest.mark.parametrize(
    ("code", "number"),
    [(_LOOP, signal.SIGTERM), (_MESSAGES, signal.SIGINT), (_WAIT, signal.SIGINT)],
)
def test_r_is_interrupted(tmp_path: Path, code: str, number: int) -> None:
    status, seconds, said, errors = _interrupted(tmp_path / "out", code, number)
    assert (status, said) == (7, "interrupted\n")
    assert seconds < 15
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []


@pytest.mark.r
@pytest.mark.parametrize("code", [_DEAF, _DEAF_AFTER])
def test_what_does_not_stop_is_ended_with_the_process(tmp_path: Path, code: str) -> None:
    status, seconds, said, errors = _interrupted(tmp_path / "out", code, signal.SIGINT, 1)
    assert (status, said) == (130, "")
    assert seconds < 15
    assert errors.endswith("Stopped; nothing was written.\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.r
def test_r_works_on_after_an_interrupt() -> None:
    from tissueshap._bridge import r

    with r._session() as ri:
        where = ri.evalr("list2env(list(run = function() repeat {}))", envir=ri.baseenv)
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            r._evaluate(ri, "run", {}, where)
    assert r.versions("R")["R"]


def test_handlers_are_put_back_and_called() -> None:
    seen: list[int] = []
    earlier = signal.signal(signal.SIGINT, lambda number, _: seen.append(number))
    ours = signal.getsignal(signal.SIGINT)
    asked: list[bool] = []
    try:
        with passed_on(lambda: asked.append(True)):
            signal.raise_signal(signal.SIGINT)
            assert seen == []
            deadline = time.monotonic() + 5
            while not asked and time.monotonic() < deadline:
                time.sleep(0.01)
        assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert asked
    assert seen == [signal.SIGINT]


def test_without_a_signal_nothing_is_asked() -> None:
    before = signal.getsignal(signal.SIGINT)
    with passed_on(lambda: pytest.fail("nobody asked")), patience(0.0):
        assert interrupts._patience == 0.0
    assert signal.getsignal(signal.SIGINT) is before
    assert interrupts._patience is None
