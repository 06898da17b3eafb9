"""What the steps of a run depend on: settings, files, the data, and the versions of packages."""

from __future__ import annotations

import hashlib
import platform
import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap._core.checkpoints import digest
from tissueshap._core.errors import TissueshapError
from tissueshap.workflow._config import Config, options
from tissueshap.workflow._state import changes

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.workflow._manifest import Manifest

#: Settings that change no result.
_WITHOUT_EFFECT = ("out", "overwrite", "resume", "n_jobs", "dask")
#: Packages that every step may use.
_PACKAGES = ("tissueshap", "anndata", "numpy", "pandas", "scipy")
#: What stands for the data if they are not a file.
_DATA = "AnnData"
#: Version of what was not installed, in a record.
_ABSENT = "not installed"


class Dependencies:
    """What the steps of a run depend on, as it is now.

    Parameters
    ----------
    config
        The settings.
    adata
        The data, if they are not a file.
    """

    def __init__(self, config: Config, adata: AnnData | None) -> None:
        self._config = config
        self._data = None if adata is None else _digest_of(adata)
        self._value = cache(lambda name: _plain(getattr(config, name)))

    def of(self, names: Iterable[str]) -> dict[str, Any]:
        """Return the values of some settings, in plain types; of a file also its checksum."""
        chosen = sorted(set(names) - set(_WITHOUT_EFFECT))
        values = {name: self._value(name) for name in chosen}
        if self._data is not None and "counts" in chosen:
            values[_DATA] = self._data
        return values

    def all(self) -> dict[str, Any]:
        """Return the values of all settings."""
        return self.of(options())

    def versions(self, records: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
        """Return the versions of Python and of the packages that some records name."""
        named = {str(name): str(n) for one in records for name, n in _versions(one).items()}
        return {"Python": platform.python_version(), **_python_versions(_PACKAGES), **named}

    def changed(self, manifest: Manifest, state: str) -> str | None:
        """Return in words what has changed since a step was taken; None if nothing has."""
        if manifest.before != state:
            return "an earlier step"
        names = [name for name in manifest.settings if name in options()]
        now = self.of(names)
        for name, value in manifest.settings.items():
            if now.get(name) != value:
                return "the AnnData" if name == _DATA else f"--{name.replace('_', '-')}"
        installed = _installed(manifest.versions)
        for name, version in manifest.versions.items():
            if installed.get(name) != version:
                return f"the version of {name} ({version}, now {installed.get(name)})"
        return None


def _digest_of(adata: AnnData) -> str:
    """Return the checksum of an AnnData, which runs change; one of its own if there is none."""
    try:
        return digest(changes(None, adata)[0])
    except TypeError:
        return uuid.uuid4().hex


def _installed(versions: Mapping[str, str]) -> dict[str, str]:
    """Return the versions of the packages that a manifest names."""
    found = {"Python": platform.python_version(), **_python_versions(versions)}
    others = {name: version for name, version in versions.items() if name not in found}
    absent = {name: version for name, version in others.items() if version == _ABSENT}
    return found | absent | _r_versions(tuple(sorted(set(others) - set(absent))))


def _versions(record: Mapping[str, Any]) -> Mapping[str, Any]:
    versions = record.get("versions")
    return versions if isinstance(versions, Mapping) else {}


def _python_versions(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def _r_versions(names: tuple[str, ...]) -> dict[str, str]:
    from tissueshap._bridge import r

    try:
        return r.versions(*names) if names else {}
    except TissueshapError:  # R, or one of the packages, is not there any more
        return {}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return {"name": value.name, "sha256": checksum(value)}
    return value


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, or of all files below a folder (.zarr) with their names."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    files = sorted(one for one in path.rglob("*") if one.is_file())
    return digest([[str(one.relative_to(path)), checksum(one)] for one in files])
