"""Packages that serve one feature: imported there alone, and told of when they fail."""

from __future__ import annotations

import pkgutil
import shlex
from importlib import metadata
from typing import Any

from tissueshap._core.errors import MissingPackageError
from tissueshap._install import needs


def needed(package: str, name: str, feature: str) -> Any:
    """Return what a feature takes from a package that nothing else needs.

    Parameters
    ----------
    package
        As pip knows it: ``"smote-variants"``.
    name
        What to import: ``"smote_variants.SMOTE"``.
    feature
        What asks for it, for the message.

    Raises
    ------
    MissingPackageError
        The package is not installed, is of a version that pyproject.toml rules out, or
        cannot be imported beside the packages that are there.
    """
    need = next(need for need in needs.python_needs() if need.name == package)
    remedy = f"run `pip install --upgrade {shlex.quote(package + need.bounds)}`"
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise MissingPackageError(
            f"{feature} needs the package {package}, which is not installed: {remedy}"
        ) from error
    if not need.met_by(version):
        raise MissingPackageError(
            f"{feature} needs {package} {need.bounds}, and {version} is installed: {remedy}"
        )
    try:
        return pkgutil.resolve_name(name)
    # A package that does not fit the others fails with whatever error comes first.
    except Exception as error:
        raise MissingPackageError(
            f"{feature} needs the package {package}, and version {version}, which is installed, "
            f"cannot be used ({type(error).__name__}: {error}): {remedy}"
        ) from error
