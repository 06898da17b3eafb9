"""Packages that only one feature needs: imported by it, with a clear error if that fails."""

from __future__ import annotations

import pkgutil
import shlex
from importlib import metadata
from typing import Any

from tissueshap._core.errors import MissingPackageError
from tissueshap._core.options import missing_package
from tissueshap._install import needs


def needed(package: str, name: str, feature: str) -> Any:
    """Return an object of a package that only one feature needs.

    Parameters
    ----------
    package
        Its name in pip: ``"smote-variants"``.
    name
        What to import: ``"smote_variants.SMOTE"``.
    feature
        What needs it, for the message.

    Raises
    ------
    MissingPackageError
        The package is not installed, has a version that pyproject.toml excludes, or cannot
        be imported together with the installed packages.
    """
    need = next(need for need in needs.python_needs() if need.name == package)
    command = f"pip install --upgrade {shlex.quote(package + need.bounds)}"
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise missing_package(feature, package, command) from error
    if not need.met_by(version):
        raise MissingPackageError(
            f"{feature} needs {package} {need.bounds}, but {version} is installed: run `{command}`"
        )
    try:
        return pkgutil.resolve_name(name)
    # A package that does not fit the others can fail with any error.
    except Exception as error:
        raise MissingPackageError(
            f"{feature} needs the package {package}, but the installed version {version} "
            f"cannot be used ({type(error).__name__}: {error}): run `{command}`"
        ) from error
