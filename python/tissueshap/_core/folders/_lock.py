"""The lock of a workspace, which names the process that writes there."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

_BOOT = Path("/proc/sys/kernel/random/boot_id")
#: Name of the file in a workspace.
LOCK = "lock"


@dataclass(frozen=True)
class Owner:
    """The process that holds a lock.

    Attributes
    ----------
    machine
        An identifier that containers on one running machine share.
    host
        The machine's name.
    pid
        Number of the process.
    started
        When it acquired the lock.
    command
        What it was started with.
    """

    machine: str
    host: str
    pid: int
    started: str
    command: str

    @classmethod
    def current(cls) -> Owner:
        """Return this process."""
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return cls(machine(), platform.node(), os.getpid(), now, shlex.join(sys.argv))

    @classmethod
    def of(cls, lock: IO[bytes]) -> Owner | None:
        """Return the process that wrote into a lock; None if none did."""
        try:
            lock.seek(0)
            return cls(**json.loads(lock.read()))
        except (OSError, ValueError, TypeError):  # on Windows what is locked cannot be read
            return None

    def sign(self, lock: IO[bytes]) -> None:
        """Write this process into a lock."""
        lock.seek(0)
        lock.truncate()
        lock.write(json.dumps(asdict(self)).encode())
        lock.flush()

    @property
    def elsewhere(self) -> bool:
        """Whether it may be running where the locks of this machine cannot be seen.

        After a restart, a machine has its name, but another identifier.
        """
        return self.machine != machine() and self.host != platform.node()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, started {self.started}: {self.command}"


def locked(lock: IO[bytes]) -> bool:
    """Acquire a lock if it is free; this always fails on file systems without locks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            lock.seek(0)
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def machine() -> str:
    """Return an identifier that containers on one running machine share."""
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return platform.node()
