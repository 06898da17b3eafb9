"""Where R is: the host of this process, the library that R searches, how to install.

Nothing here imports rpy2 or starts R, so these functions are fast.
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
    """Return whether Python runs inside an R process, started by reticulate.

    Both sides write their process to the environment: reticulate sets
    ``R_SESSION_INITIALIZED=PID=...`` and rpy2 sets
    ``PYTHON_SESSION_INITIALIZED=current_pid=...``. The second takes precedence: a Python
    that started R with rpy2 stays the host even if that R loads reticulate. ``rpycall``
    is the module that reticulate's C code adds to its interpreter.
    """
    here = str(os.getpid())
    if _note("PYTHON_SESSION_INITIALIZED").get("current_pid") == here:
        return False
    return _note("R_SESSION_INITIALIZED").get("PID") == here or "rpycall" in sys.modules


def library() -> Path | None:
    """Return the R library to search before R's own, or None.

    It is ``settings.rlib``, or ``$TISSUESHAP_RLIB``, or ``.Rlib`` next to the virtual
    environment, where the set-up creates it.

    Raises
    ------
    DataError
        If the requested folder does not exist.
    """
    requested = {
        "settings.rlib": settings.rlib,
        "$TISSUESHAP_RLIB": os.environ.get("TISSUESHAP_RLIB"),
    }
    for source, folder in requested.items():
        if folder:
            if not Path(folder).is_dir():
                raise DataError(f"{source} names {folder}, which is not a folder: correct it")
            return Path(folder)
    default = Path(sys.prefix).parent / ".Rlib"
    return default if default.is_dir() else None


@contextmanager
def environment() -> Iterator[None]:
    """Give R the right environment while it starts, and restore it afterwards.

    Python may run below an R that attaches no packages, as ``R CMD build`` does, but rpy2
    needs the default packages. Also, rpy2 adds R's folders to the library path, which is
    too late for this process, but a Python that this one starts, such as a worker, could
    load another Python's library from them.
    """
    before = {name: os.environ.get(name) for name in ("R_DEFAULT_PACKAGES", "LD_LIBRARY_PATH")}
    os.environ.pop("R_DEFAULT_PACKAGES", None)
    try:
        yield
    finally:
        for name, value in before.items():
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
