"""Settings that hold for a session: ``ts.settings``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._core import logging
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_choice, check_number, wrong_type

if TYPE_CHECKING:
    from distributed import Client

#: Levels of :attr:`Settings.verbosity`, quietest first, by scanpy's numbers.
LEVELS = ("error", "warning", "info", "hint", "debug")
#: Widths of a figure that fills one column of a journal, or its page, in millimetres.
WIDTHS = {"column": 89.0, "page": 183.0}


def millimetres(width: str | float | None) -> float | None:
    """Return a width of figures in millimetres, or None if each figure chooses its own.

    Parameters
    ----------
    width
        ``"column"``, ``"page"``, a number of millimetres, or None.

    Examples
    --------
    >>> millimetres("column")
    89.0
    """
    if width is None:
        return None
    if isinstance(width, str):
        check_choice("width", width, WIDTHS, other="a number of millimetres")
        return WIDTHS[width]
    check_number("width", width, low=20, high=2000)
    return float(width)


class Settings:
    """The settings of a session, one object: ``tissueshap.settings``.

    Examples
    --------
    >>> import tissueshap as ts
    >>> ts.settings.progress = False
    >>> with ts.settings.override(n_jobs=1):
    ...     ts.settings.cores
    1
    """

    __slots__ = (
        "_client",
        "_datasetdir",
        "_figdir",
        "_figwidth",
        "_n_jobs",
        "_progress",
        "_rlib",
        "_verbosity",
    )

    def __init__(self) -> None:
        self._verbosity: str | None = None
        self._progress = True
        self._n_jobs = -1
        self._client: Client | None = None
        self._figdir = Path("figures")
        self._figwidth: str | float | None = None
        self._rlib: Path | None = None
        self._datasetdir: Path | None = None

    @property
    def verbosity(self) -> str | None:
        """Messages to print to standard error: ``"error"``, ``"warning"``, ``"info"``,
        ``"hint"`` or ``"debug"``, or 0 to 4 as in scanpy; None leaves the logger
        ``tissueshap`` as :mod:`logging` has it, which prints warnings.
        """  # noqa: D205
        return self._verbosity

    @verbosity.setter
    def verbosity(self, level: str | int | None) -> None:
        if isinstance(level, int) and not isinstance(level, bool) and 0 <= level < len(LEVELS):
            level = LEVELS[level]
        if level is not None:
            check_choice("verbosity", level, LEVELS, other="0 to 4")
        logging.show(None if level is None else str(level))
        self._verbosity = None if level is None else str(level)

    @property
    def progress(self) -> bool:
        """Whether long work has a progress bar, in a terminal or notebook."""
        return self._progress

    @progress.setter
    def progress(self, shown: bool) -> None:
        self._progress = bool(shown)

    @property
    def n_jobs(self) -> int:
        """Workers for parallel work; -1 is all cores, -2 all cores except one."""
        return self._n_jobs

    @n_jobs.setter
    def n_jobs(self, n: int) -> None:
        if isinstance(n, bool) or int(n) != n or n == 0:
            raise DataError(f"n_jobs must be a number of workers, or -1 for all cores, not {n!r}")
        self._n_jobs = int(n)

    @property
    def cores(self) -> int:
        """Number of workers that :attr:`n_jobs` stands for on this machine."""
        if self._n_jobs > 0:
            return self._n_jobs
        if hasattr(os, "sched_getaffinity"):
            n_cores = len(os.sched_getaffinity(0))
        else:
            n_cores = os.cpu_count() or 1
        return max(1, n_cores + 1 + self._n_jobs)

    @property
    def client(self) -> Client | None:
        """A ``dask.distributed.Client``, whose workers then do long work instead of
        :attr:`n_jobs` processes; None uses this machine.
        """  # noqa: D205
        return self._client

    @client.setter
    def client(self, client: Client | None) -> None:
        if client is not None and not (hasattr(client, "scatter") and hasattr(client, "submit")):
            raise wrong_type(
                "client", client, "a dask.distributed.Client or None", "pass Client(address)"
            )
        self._client = client

    @property
    def figdir(self) -> Path:
        """Folder of figures that ``ts.pl`` saves under a relative name (``save=``)."""
        return self._figdir

    @figdir.setter
    def figdir(self, folder: str | Path) -> None:
        self._figdir = Path(folder)

    @property
    def figwidth(self) -> str | float | None:
        """Width of the figures of ``ts.pl`` for which none is given: ``"column"`` or ``"page"``
        of a journal (89 and 183 mm), or millimetres; None leaves it to each figure.
        """  # noqa: D205
        return self._figwidth

    @figwidth.setter
    def figwidth(self, width: str | float | None) -> None:
        millimetres(width)
        self._figwidth = width

    @property
    def rlib(self) -> Path | None:
        """R library to search before R's own; None uses the one next to the environment."""
        return self._rlib

    @rlib.setter
    def rlib(self, folder: str | Path | None) -> None:
        self._rlib = None if folder is None else Path(folder)

    @property
    def datasetdir(self) -> Path | None:
        """Folder of the data that ``ts.datasets.fetch`` downloads; None uses the folder in
        the variable ``TISSUESHAP_CACHE``, or else the user's cache folder.
        """  # noqa: D205
        return self._datasetdir

    @datasetdir.setter
    def datasetdir(self, folder: str | Path | None) -> None:
        self._datasetdir = None if folder is None else Path(folder)

    @contextmanager
    def override(self, **options: Any) -> Iterator[None]:
        """Change settings for the length of a ``with`` block.

        Parameters
        ----------
        options
            Settings by name.
        """
        before = {name: getattr(self, name) for name in options}
        try:
            for name, value in options.items():
                setattr(self, name, value)
            yield
        finally:
            for name, value in before.items():
                setattr(self, name, value)

    def __repr__(self) -> str:
        names = (
            *("verbosity", "progress", "n_jobs", "client", "figdir", "figwidth", "rlib"),
            "datasetdir",
        )
        return "\n".join(f"{name} = {getattr(self, name)!r}" for name in names)


settings = Settings()
