"""The R side as seen from outside R: which packages R has, and installing ours.

R is called in a separate process, so a missing R or a broken rpy2 does no harm.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tissueshap._bridge import host
from tissueshap._core.errors import MissingPackageError, RError
from tissueshap._install import needs
from tissueshap._install.child import answer
from tissueshap._install.needs import Need

_TIMEOUT = 120

#: What a profile of the user prints is distinguished from the answer by the mark.
_MARK = "tissueshap>"
_ASK = f"""
asked <- commandArgs(trailingOnly = TRUE)
if (nzchar(asked[1])) .libPaths(c(asked[1], .libPaths()))
answer <- function(...) cat("\\n{_MARK}", ..., "\\n", sep = "\\t")
answer("R", format(getRversion()))
for (name in asked[-1]) {{
    version <- suppressWarnings(packageDescription(name, fields = "Version"))
    if (!is.na(version)) answer(name, version)
}}
"""

#: R's first library, or the user's own where that one cannot be written.
_LIBRARY = f"""
library <- .libPaths()[1]
if (file.access(library, 2) != 0) {{
    library <- path.expand(strsplit(Sys.getenv("R_LIBS_USER"), .Platform$path.sep)[[1]][1])
    dir.create(library, recursive = TRUE, showWarnings = FALSE)
}}
cat("\\n{_MARK}", library, "\\n", sep = "\\t")
"""


def rscript() -> str | None:
    """Return the path of Rscript, that of ``$R_HOME`` first, or None if there is no R."""
    home = os.environ.get("R_HOME")
    inside = shutil.which("Rscript", path=str(Path(home) / "bin")) if home else None
    return inside or shutil.which("Rscript")


def versions(names: Sequence[str]) -> dict[str, str] | None:
    """Return the versions of those packages that R has, and of ``"R"``; None without R."""
    library = str(host.library() or "")
    lines = _ask(_ASK, library, *names)
    return None if lines is None else {line[0]: line[1] for line in lines}


def remedy(need: Need) -> str:
    """Return the command that installs R or an R package."""
    return remedies([need])[need.name]


def remedies(missing: Sequence[Need]) -> dict[str, str]:
    """Return by name the command that installs each: apt's if apt has it, otherwise R's."""
    as_root = "" if not hasattr(os, "geteuid") or os.geteuid() == 0 else "sudo "
    library = host.library()
    into = "" if library is None else f"R_LIBS={shlex.quote(str(library))} "
    offered = _apt([need.name for need in missing if need.name != "R"])
    commands = {}
    for need in missing:
        fitting = [
            name for name in _apt_names(need.name) if name in offered and need.met_by(offered[name])
        ]
        if need.name == "R" and shutil.which("apt-get"):
            fitting = ["r-base-core r-base-dev"]
        if fitting:
            commands[need.name] = f"{as_root}apt-get install {fitting[0]}"
        elif need.name == "R":
            commands[need.name] = f"install R {need.bounds} from https://www.r-project.org"
        else:
            commands[need.name] = f"{into}Rscript -e 'BiocManager::install(\"{need.name}\")'"
    return commands


def install() -> Path:
    """Install the R package that came with this Python package, and return its library.

    Returns
    -------
        ``settings.rlib``, ``$TISSUESHAP_RLIB`` or ``.Rlib`` next to the virtual
        environment, or the library that R itself installs into.

    Raises
    ------
    MissingPackageError
        If there is no R, or no source of the R package.
    RError
        If R cannot install it; its output has been shown.
    """
    program = rscript()
    if program is None:
        raise MissingPackageError(f"there is no R: run `{remedy(Need('R', '>=4.2'))}`")
    library = _library()
    with tempfile.TemporaryDirectory() as folder:
        source = _source(Path(folder))
        command = [str(Path(program).with_name("R")), "CMD", "INSTALL", f"--library={library}"]
        done = subprocess.run([*command, "--no-multiarch", str(source)], check=False)
    if done.returncode:
        raise RError(f"R could not install tissueshap into {library}: its output above says why")
    return library


def _library() -> Path:
    asked = os.environ.get("TISSUESHAP_RLIB")
    if asked:
        Path(asked).mkdir(parents=True, exist_ok=True)
    found = host.library()
    if found is not None:
        return found
    lines = _ask(_LIBRARY)
    if not lines:
        raise RError("R did not say which library it installs into: set TISSUESHAP_RLIB")
    return Path(lines[-1][0])


def _source(folder: Path) -> Path:
    """Return the R package's source: the checkout, or the wheel's copy put together."""
    here = Path(__file__).resolve().parents[1]  # the package tissueshap
    root = needs.description().parent
    if not list(root.glob("R/*.R")):
        raise MissingPackageError(
            "this Python package lies inside an installed R package and has no R source: "
            "install it from a wheel or a checkout"
        )
    if root.parent != here:
        return root
    shutil.copytree(root, folder / "tissueshap")
    shutil.copytree(
        here,
        folder / "tissueshap" / "python" / "tissueshap",
        ignore=shutil.ignore_patterns("_rpkg", "__pycache__"),
    )
    for script in ("configure", "cleanup"):  # a wheel need not keep the right to run
        (folder / "tissueshap" / script).chmod(0o755)
    return folder / "tissueshap"


def _apt_names(package: str) -> list[str]:
    return [f"r-{origin}-{package.lower()}" for origin in ("bioc", "cran")]


def _apt(packages: Sequence[str]) -> dict[str, str]:
    """Return the versions of those R packages that apt has, under its names."""
    if not packages or shutil.which("apt-cache") is None:
        return {}
    done = subprocess.run(
        ["apt-cache", "policy", *(name for each in packages for name in _apt_names(each))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    stated = r"^(\S+):\n(?:.*\n)??\s*Candidate: (?:\d+:)?(\d\S*)$"
    return dict(re.findall(stated, done.stdout, re.M))


def _ask(code: str, *arguments: str) -> list[list[str]] | None:
    """Run R code and return its marked lines, split at tabs; None without R."""
    program = rscript()
    if program is None:
        return None
    done = answer([program, "-e", code, *arguments], seconds=_TIMEOUT)
    if done is None:
        return None
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [line[1:] for line in lines if line[0] == _MARK] or None
