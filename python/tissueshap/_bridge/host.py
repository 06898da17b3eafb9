"""Where R is: who hosts this process, which library R searches, how to install.

Nothing here imports rpy2 or starts R, so it is cheap to ask.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tissueshap._core.errors import DataError
from tissueshap._core.settings import settings

#: R packages that Debian and Ubuntu ship, by their name there.
_DEBIAN = {
    "BiocParallel": "r-bioc-biocparallel",
    "edgeR": "r-bioc-edger",
    "limma": "r-bioc-limma",
    "reticulate": "r-cran-reticulate",
    "statmod": "r-cran-statmod",
}


def inside_r() -> bool:
    """Tell whether Python runs inside an R process, as reticulate makes it.

    Both sides leave a note in the environment that names their process: reticulate
    sets ``R_SESSION_INITIALIZED=PID=...`` and rpy2 sets
    ``PYTHON_SESSION_INITIALIZED=current_pid=...``. The second wins: a Python that
    started R by rpy2 stays the host even when that R loads reticulate. ``rpycall``
    is the module that reticulate's C code builds into its interpreter.
    """
    here = str(os.getpid())
    if _note("PYTHON_SESSION_INITIALIZED").get("current_pid") == here:
        return False
    return _note("R_SESSION_INITIALIZED").get("PID") == here or "rpycall" in sys.modules


def library() -> Path | None:
    """Return the R library to search before R's own, or None.

    It is ``settings.rlib``, else ``$TISSUESHAP_RLIB``, else ``.Rlib`` beside the
    virtual environment, where the set-up puts it.

    Raises
    ------
    DataError
        If the folder that was asked for does not exist.
    """
    asked = {"settings.rlib": settings.rlib, "$TISSUESHAP_RLIB": os.environ.get("TISSUESHAP_RLIB")}
    for source, folder in asked.items():
        if folder:
            if not Path(folder).is_dir():
                raise DataError(f"{source} names {folder}, which is not a folder: correct it")
            return Path(folder)
    beside = Path(sys.prefix).parent / ".Rlib"
    return beside if beside.is_dir() else None


@contextmanager
def environment() -> Iterator[None]:
    """Let R find and leave the environment as it should while it starts.

    Python may run below an R that was told to attach no packages, as ``R CMD build`` tells
    its own; rpy2 needs the default ones. And rpy2 puts R's folders into the library path,
    too late for this process; a Python that this one starts, such as a worker, would take
    another Python's library from them.
    """
    held = {name: os.environ.get(name) for name in ("R_DEFAULT_PACKAGES", "LD_LIBRARY_PATH")}
    os.environ.pop("R_DEFAULT_PACKAGES", None)
    try:
        yield
    finally:
        for name, value in held.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def remedy(package: str) -> str:
    """Return the command that installs an R package."""
    if package == "tissueshap":
        return "run `tissueshap doctor --install-r`"
    bioconductor = f"Rscript -e 'BiocManager::install(\"{package}\")'"
    if package in _DEBIAN:
        return f"run `apt-get install {_DEBIAN[package]}` or `{bioconductor}`"
    return f"run `{bioconductor}`"


def _note(variable: str) -> dict[str, str]:
    items = os.environ.get(variable, "").split(":")
    return {key: value for key, _, value in (item.partition("=") for item in items)}
