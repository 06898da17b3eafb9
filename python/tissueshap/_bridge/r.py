"""The bridge to R: the only file that imports rpy2.

``call("core_tmm", counts=...)`` runs a function of the R package tissueshap. Only
rpy2's low-level interface (``rpy2.rinterface``) is used, so no converter is activated for
other code, and nothing is written to R's global environment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from tissueshap._bridge import host, interrupts
from tissueshap._bridge.convert import Matrix, from_r, to_r
from tissueshap._core.errors import (
    MissingPackageError,
    RError,
    RHostError,
    TissueshapError,
)
from tissueshap._core.logging import logger
from tissueshap._core.options import missing_package
from tissueshap._version import __version__

# Arguments are bound in a frame and named in the call, so that R's errors show the call
# `core_tmm(counts = counts)` instead of the whole matrix, deparsed.
# While R waits it handles Ctrl-C itself, so the signal is sent to Python again.
_GUARD = """
function(verb, arguments, namespace) {
    frame <- list2env(arguments, parent = namespace)
    symbols <- lapply(names(arguments), as.name)
    names(symbols) <- names(arguments)
    warned <- character()
    outcome <- tryCatch(
        withCallingHandlers(
            list(value = eval(as.call(c(as.name(verb), symbols)), frame)),
            warning = function(w) {
                warned <<- c(warned, conditionMessage(w))
                invokeRestart("muffleWarning")
            },
            interrupt = function(i) tools::pskill(Sys.getpid(), 2L)),
        error = function(e) list(
            error = conditionMessage(e),
            call = if (is.null(conditionCall(e))) "" else
                deparse(conditionCall(e), nlines = 1L)[1L],
            package = if (inherits(e, "packageNotFoundError")) e$package else ""),
        interrupt = function(i) list(interrupted = TRUE))
    c(outcome, list(warned = as.list(warned)))
}
"""


def call(verb: str, **arguments: Any) -> dict[str, Any]:
    """Run a function of the R package and return its result.

    Parameters
    ----------
    verb
        Name of the function: ``"core_tmm"``.
    arguments
        Its arguments, converted by :func:`tissueshap._bridge.convert.to_r`. A matrix is
        samples x genes and arrives as genes x samples, which is the same memory.

    Returns
    -------
        The list that R returned, converted by :func:`tissueshap._bridge.convert.from_r`.

    Raises
    ------
    RHostError
        If Python itself runs inside R.
    MissingPackageError
        If R, rpy2 or an R package is missing.
    RError
        If R stops: the message is R's own, with its call.
    """
    _refuse_inside_r(f"tissueshap::{verb.replace('core_', 'run_', 1)}(adata)")
    with _session() as ri:
        result: dict[str, Any] = from_r(_evaluate(ri, verb, arguments, _namespace()))
    free(*arguments.values())
    return result


def free(*values: Any) -> None:
    """Have R free what nothing refers to any more, if there is a large matrix among values.

    R itself waits until it needs memory, and does not know what Python needs: copies of the
    matrices that it was sent, and of those that it returned, stay behind.
    """
    if any(_is_large(value) for value in values):
        with _session() as ri:
            ri.baseenv["gc"]()


#: Cells of a large matrix: 40 MB of integers.
_LARGE = 10_000_000


def _is_large(value: Any) -> bool:
    of = value.values if isinstance(value, Matrix) else value
    shape: tuple[int, ...] = getattr(of, "shape", ())
    return len(shape) == 2 and shape[0] * shape[1] > _LARGE


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of R packages; ``"R"`` is R itself."""
    with _session() as ri:
        numbers = {}
        for name in packages:
            if name == "R":
                itself = from_r(ri.baseenv["R.version"])
                numbers[name] = f"{itself['major']}.{itself['minor']}"
            else:
                number = _evaluate(ri, "getNamespaceVersion", {"ns": name}, ri.baseenv)
                numbers[name] = str(from_r(number))
    return numbers


def available() -> bool:
    """Return whether R, rpy2 and the R package tissueshap can be used."""
    try:
        with _session():
            _namespace()
    except TissueshapError:
        return False
    return True


def has_package(name: str) -> bool:
    """Return whether R finds a package, without loading it."""
    with _session() as ri:
        return bool(from_r(_evaluate(ri, "system.file", {"package": name}, ri.baseenv)))


def _evaluate(ri: Any, verb: str, arguments: dict[str, Any], where: Any) -> Any:
    """Call a function in an R environment; the result is still R's."""
    guard, converted = _guard(), to_r(ri, arguments)
    with _interruptible():
        outcome = guard(verb, converted, where)
    parts = dict(zip(outcome.names, outcome, strict=True))
    for message in parts.pop("warned"):
        logger.warning("R: %s", message[0].strip())
    if "value" in parts:
        return parts["value"]
    if "interrupted" in parts:
        raise KeyboardInterrupt
    if package := parts["package"][0]:
        raise _missing(package)
    source = f" (in R's {parts['call'][0]})" if parts["call"][0] else ""
    raise RError(f"{parts['error'][0].strip()}{source}")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Have R stop at its next check for interrupts when this process is told to stop."""
    from rpy2.rinterface_lib import openrlib

    def stop() -> None:
        openrlib.rlib.R_interrupts_pending = 1

    try:
        with interrupts.passed_on(stop):
            yield
    finally:
        openrlib.rlib.R_interrupts_pending = 0


@contextmanager
def _session() -> Iterator[Any]:
    """Hold R's lock for one call, with R's console in the log."""
    ri = _start()
    from rpy2.rinterface_lib import openrlib
    from rpy2.rinterface_lib.embedded import RRuntimeError

    with openrlib.rlock, _console_in_log():
        try:
            yield ri
        except RRuntimeError as error:
            raise RError(str(error).strip()) from error


@contextmanager
def _console_in_log() -> Iterator[None]:
    """Send what R prints to the log, line by line, and restore rpy2's callbacks after."""
    from rpy2.rinterface_lib import callbacks

    pending = [""]

    def write(text: str) -> None:
        *lines, pending[0] = (pending[0] + text).split("\n")
        for line in filter(str.strip, lines):
            logger.info("R: %s", line)

    names = ("consolewrite_print", "consolewrite_warnerror", "showmessage")
    before = {name: getattr(callbacks, name) for name in names}
    for name in names:
        setattr(callbacks, name, write)
    try:
        yield
    finally:
        for name, function in before.items():
            setattr(callbacks, name, function)
        write("\n")


def _refuse_inside_r(verb: str) -> None:
    if host.inside_r():
        raise RHostError(
            "Python runs inside R, and R cannot be started a second time in the same "
            f"process: call {verb} from R"
        )


def _start() -> Any:
    """Start R, once, and return ``rpy2.rinterface``."""
    _refuse_inside_r("the verbs of the R package tissueshap")
    return _started()


@cache
def _started() -> Any:
    with host.environment():
        ri = _import_rinterface()
        ri.initr()
    folder = host.library()
    if folder is not None:
        paths = ri.baseenv[".libPaths"]
        paths(ri.StrSexpVector([str(folder), *paths()]))
    return ri


def _import_rinterface() -> Any:
    try:
        from rpy2 import situation
    except ImportError as error:
        raise missing_package("the bridge to R", "rpy2", "pip install rpy2") from error
    home = situation.get_r_home()
    if not home or not (Path(home) / "bin" / "Rscript").is_file():
        raise MissingPackageError(
            "R was found neither on the PATH nor by $R_HOME: run `apt-get install "
            "r-base-core` on Debian and Ubuntu, or see https://cran.r-project.org"
        )
    try:
        from rpy2 import rinterface
    except (ImportError, OSError, ValueError) as error:
        raise MissingPackageError(
            f"rpy2 cannot use the R in {home} ({error}): correct $R_HOME, or build rpy2 for "
            "that R: `pip install --force-reinstall --no-binary :all: rpy2-rinterface`"
        ) from error
    return rinterface


@cache
def _guard() -> Any:
    ri = _start()
    return ri.evalr(_GUARD, envir=ri.baseenv)


@cache
def _namespace() -> Any:
    """Load the R package, of the same version as this one."""
    ri = _start()
    if not has_package("tissueshap"):
        raise _missing("tissueshap")
    loaded = _evaluate(ri, "loadNamespace", {"package": "tissueshap"}, ri.baseenv)
    installed = versions("tissueshap")["tissueshap"]
    if installed != __version__:
        raise RError(
            f"the Python package tissueshap is version {__version__} and the R package is "
            f"{installed}: to install the same version of both, {host.remedy('tissueshap')}"
        )
    return loaded


def _missing(package: str) -> MissingPackageError:
    return MissingPackageError(f"the R package {package} is missing: {host.remedy(package)}")
