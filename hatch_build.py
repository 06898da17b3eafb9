"""Puts the R package's source into the wheel, from its one place in the checkout.

It goes under ``tissueshap/_rpkg``, where ``_core/schema.py`` reads the schema and
``tissueshap doctor --install-r`` finds what to install. An editable install reads the
checkout itself and needs no copy.
"""

from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

R_PACKAGE = (
    "DESCRIPTION",
    "NAMESPACE",
    "NEWS.md",
    "pyproject.toml",
    "configure",
    "cleanup",
    "R/*.R",
    "inst/**/*",
    "man/**/*",
    "src/**/*",
)
#: What R CMD INSTALL builds in the checkout.
BUILT = ("inst/python/*", "*/__pycache__/*", "*.o", "*.so")


class RPackage(BuildHookInterface):  # type: ignore[misc]
    """The build hook that hatchling calls."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add files to a wheel that is not editable."""
        if version == "editable":
            return
        root = Path(self.root)
        included = build_data["force_include"]
        for pattern in R_PACKAGE:
            for path in sorted(root.glob(pattern)):
                name = path.relative_to(root).as_posix()
                if path.is_file() and not any(fnmatch(name, built) for built in BUILT):
                    included[name] = f"tissueshap/_rpkg/{name}"
