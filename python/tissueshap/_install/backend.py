"""Keras' backend as seen from outside: whether it can be used, and on which devices.

Importing TensorFlow takes five seconds of CPU time. Where nothing suggests a problem with its
installation and there is no accelerator to be found, its shared libraries are loaded instead,
which takes a third of a second; in all other cases the import decides.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from importlib import metadata
from pathlib import Path
from subprocess import CompletedProcess

from tissueshap._install import needs
from tissueshap._install.child import answer

_TIMEOUT = 180
_CPU = "CPU:0"
_TENSORFLOW = "tensorflow"

#: Run by another process, so that a backend that crashes does no harm.
_IMPORT = """
import json, keras
backend = keras.backend.backend()
if backend == "tensorflow":
    import tensorflow
    devices = [d.name.split(":", 1)[1] for d in tensorflow.config.list_physical_devices()]
elif backend == "jax":
    import jax
    devices = [f"{d.platform.upper()}:{d.id}" for d in jax.devices()]
else:
    import torch
    devices = ["CPU:0", *(f"GPU:{i}" for i in range(torch.cuda.device_count()))]
print(json.dumps([backend, devices]))
"""
_LOAD = "import ctypes, sys; [ctypes.CDLL(path) for path in sys.argv[1:]]"

#: Drivers of NVIDIA's and AMD's cards, and of both in Windows' subsystem for Linux.
_DRIVERS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")
#: TensorFlow's module of Python that loads all of its shared libraries.
_LIBRARIES = "python/_pywrap_tensorflow_internal*.so"


def devices(*, full: bool = False) -> tuple[str, list[str]] | None:
    """Return Keras' backend and the names of its devices, or None if it cannot be used.

    Parameters
    ----------
    full
        Import the backend in any case.
    """
    if not full and configured() == _TENSORFLOW and _only_cpu() and _is_sound():
        return _TENSORFLOW, [_CPU]
    return _imported()


def configured() -> str:
    """Return the backend that Keras will use: ``$KERAS_BACKEND``, or that of its own file."""
    file = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    try:
        stated = json.loads(file.read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        stated = None
    return os.environ.get("KERAS_BACKEND") or stated or _TENSORFLOW


def _only_cpu() -> bool:
    """Return whether no driver of an accelerator is there; elsewhere than on Linux, False."""
    return sys.platform == "linux" and not any(map(os.path.exists, _DRIVERS))


def _is_sound() -> bool:
    """Return whether TensorFlow's files and requirements are there and its libraries load."""
    try:
        folder = Path(str(metadata.distribution(_TENSORFLOW).locate_file(_TENSORFLOW)))
        whole = _is_whole(_TENSORFLOW) and all(map(_is_met, ("keras", _TENSORFLOW)))
    except metadata.PackageNotFoundError:
        return False
    libraries = list(map(str, folder.glob(_LIBRARIES)))
    if not whole or not libraries:
        return False
    done = _run(_LOAD, *libraries)
    return done is not None and done.returncode == 0


def _is_whole(package: str) -> bool:
    """Return whether a package has all of its files, each of the size that pip recorded."""
    distribution = metadata.distribution(package)
    root = str(distribution.locate_file(""))
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    sizes = [(path, int(size)) for path, _, size in rows if size and path.startswith(package + "/")]
    try:
        return bool(sizes) and all(
            os.stat(os.path.join(root, path)).st_size == size for path, size in sizes
        )
    except OSError:
        return False


def _is_met(package: str) -> bool:
    """Return whether the packages that a package always needs are there, in its versions."""
    stated = metadata.requires(package) or []
    return all(needs.is_met(text) for text in stated if ";" not in text)


def _imported() -> tuple[str, list[str]] | None:
    done = _run(_IMPORT)
    try:  # what was printed counts, also of a backend that crashes when it ends
        backend, names = json.loads(done.stdout.splitlines()[-1] if done else "")
    except (IndexError, ValueError):
        return None
    return backend, names


def _run(code: str, *arguments: str) -> CompletedProcess[str] | None:
    """Let another Python run code; None if it cannot be started or does not end."""
    return answer([sys.executable, "-c", code, *arguments], seconds=_TIMEOUT)
