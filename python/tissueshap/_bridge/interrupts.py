"""Ctrl-C and SIGTERM while code that is not Python runs.

Python registers a signal at once, but runs its handler only when such code returns, which
may take hours, or calls back, where an exception is lost. Another thread therefore receives
the signal.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from tissueshap._core import folders

#: Signals that end a process, other than Ctrl-C; Windows has no SIGHUP.
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
_SIGNALS = (signal.SIGINT, *ENDING)
#: Seconds until code that has not stopped is told again.
_AGAIN = 1.0
_END = b"\0"  # no signal has this number
_STOPPED = "Stopped; nothing was written.\n"

_patience: float | None = None


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """End this process if the running code does not stop in time.

    For the command line only, because a session with other work must not be ended.

    Parameters
    ----------
    seconds
        How long to wait after a signal.
    """
    global _patience  # noqa: PLW0603
    before, _patience = _patience, seconds
    try:
        yield
    finally:
        _patience = before


@contextmanager
def passed_on(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` when a signal arrives, and the signal's own handler after the block.

    Parameters
    ----------
    stop
        Tells the code in the block to stop; called from another thread, repeatedly until the
        block ends.
    """
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    if not handlers or threading.current_thread() is not threading.main_thread():
        yield
        return
    received: set[int] = set()

    def note(number: int, _: Any) -> None:
        received.add(number)

    read, write = os.pipe()
    os.set_blocking(write, False)
    watcher = threading.Thread(target=_watch, args=(read, stop, set(handlers)), daemon=True)
    watcher.start()
    before = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.write(write, _END)
        watcher.join()
        os.close(read)
        os.close(write)
        for came in sorted(received):
            with suppress(OSError):
                os.write(before, bytes([came]))  # an event loop may wait for it
            handlers[signal.Signals(came)](came, None)  # type: ignore[misc, operator]


def _watch(read: int, stop: Callable[[], None], numbers: set[int]) -> None:
    came, began = 0, 0.0
    while True:
        ready, _, _ = select.select([read], [], [], _AGAIN if came else None)
        signals = os.read(read, 64) if ready else b""
        if _END in signals:
            return
        if came and not ready:
            stop()
            signal.pthread_kill(threading.main_thread().ident or 0, came)  # it may wait for input
        elif not came and (new := numbers.intersection(signals)):
            came, began = min(new), time.monotonic()
            stop()
        if came and _patience is not None and time.monotonic() - began > _patience:
            _end()


def _end() -> None:
    kept = folders.discard()
    sys.stderr.write("Stopped; a run continues with --resume.\n" if kept else _STOPPED)
    sys.stderr.flush()
    os._exit(130)
