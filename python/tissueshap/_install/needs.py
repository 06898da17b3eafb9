"""What the two packages say they need: pyproject.toml's and DESCRIPTION's words, read.

Only the standard library is used, so that it works where nothing is installed yet.
"""

from __future__ import annotations

import re
import sys
import tomllib
from dataclasses import dataclass
from email.parser import Parser
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]

#: Where DESCRIPTION lies: in a wheel; in a checkout or an installed R package.
_DESCRIPTIONS = (_PACKAGE / "_rpkg" / "DESCRIPTION", _PACKAGE.parents[1] / "DESCRIPTION")

#: Where pyproject.toml lies: in an installed R package; in a checkout.
_PYPROJECTS = (_PACKAGE.parent / "pyproject.toml", _PACKAGE.parents[1] / "pyproject.toml")

#: Extras of pyproject.toml that are for who develops tissueshap, not for who uses it.
_FOR_DEVELOPERS = ("docs", "test")

#: Part of every R, so never missing where R is there.
_BASE_R = frozenset(
    "base compiler datasets graphics grDevices grid methods parallel splines stats "
    "stats4 tcltk tools utils".split()
)


@dataclass(frozen=True)
class Need:
    """A package that is needed.

    Attributes
    ----------
    name
        Name of the package.
    bounds
        Versions that will do: ``">=2.1,<3.1"``, or empty.
    required
        Whether nothing works without it.
    """

    name: str
    bounds: str = ""
    required: bool = True

    def met_by(self, version: str) -> bool:
        """Tell whether a version is within the bounds."""
        compared = {
            ">=": lambda have, bound: have >= bound,
            "<": lambda have, bound: have < bound,
        }
        return all(
            compared[operator](_release(version), _release(bound))
            for operator, bound in re.findall(r"(>=|<)\s*([\w.-]+)", self.bounds)
        )


def python_needs() -> list[Need]:
    """Return the Python packages, those of the extras for users as not required."""
    found = [_python_need(text) for text in _requirements()]
    return [need for need in found if need is not None]


def is_met(text: str) -> bool:
    """Tell whether a requirement, as a package states it, is installed within its bounds."""
    need = _python_need(text)
    try:
        return need is None or need.met_by(metadata.version(need.name))
    except metadata.PackageNotFoundError:
        return False


def python_bounds() -> str:
    """Return the supported versions of Python."""
    try:
        return metadata.metadata("tissueshap")["Requires-Python"]
    except metadata.PackageNotFoundError:
        return str(_pyproject()["requires-python"])


def r_needs() -> list[Need]:
    """Return R and the R packages, those that are only suggested as not required.

    Raises
    ------
    FileNotFoundError
        If this installation of tissueshap has no DESCRIPTION.
    """
    described = Parser().parsestr(description().read_text(encoding="utf-8"))
    found: dict[str, Need] = {}
    for field in ("Depends", "Imports", "LinkingTo", "Suggests"):
        for entry in filter(str.strip, (described[field] or "").split(",")):
            name, _, bounds = entry.strip().partition("(")
            need = Need(name.strip(), bounds.strip(" )").replace(" ", ""), field != "Suggests")
            if need.name not in _BASE_R:
                found.setdefault(need.name, need)
    return list(found.values())


def description() -> Path:
    """Return the path of the R package's DESCRIPTION."""
    for path in _DESCRIPTIONS:
        if path.is_file():
            return path
    tried = ", ".join(map(str, _DESCRIPTIONS))
    raise FileNotFoundError(f"this installation of tissueshap has no DESCRIPTION (tried {tried})")


def _requirements() -> list[str]:
    """Return the requirements of the installed package, or those of pyproject.toml."""
    try:
        return metadata.requires("tissueshap") or []
    except metadata.PackageNotFoundError:
        project = _pyproject()
    extras: dict[str, list[str]] = project["optional-dependencies"]
    optional = [f'{text}; extra == "{name}"' for name, texts in extras.items() for text in texts]
    return [*project["dependencies"], *optional]


def _pyproject() -> dict[str, Any]:
    """Return what pyproject.toml says of a package that was not installed by pip."""
    path = next(path for path in _PYPROJECTS if path.is_file())
    project: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    return project


def _python_need(text: str) -> Need | None:
    """Return a requirement as a need, or None where it does not count for a user here."""
    stated, _, marker = text.partition(";")
    parts = re.match(r"([\w.-]+)(\[.*?\])?(.*)", stated.strip())
    extra = re.search(r"extra\s*==\s*['\"](.+?)['\"]", marker)
    if parts is None or (extra and (extra[1] in _FOR_DEVELOPERS or extra[1] == "gpu")):
        return None
    if "sys_platform" in marker and sys.platform == "win32":
        return None
    return Need(parts[1], parts[3].strip(), extra is None)


def _release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, for comparing: ``1.26.4`` or ``3.16-0``."""
    leading = re.match(r"\d+([.-]\d+)*", version)
    numbers = [int(part) for part in re.split(r"[.-]", leading[0])] if leading else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
