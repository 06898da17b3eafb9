"""Settings that note which of them are read, so that nobody has to list what a step uses."""

from __future__ import annotations

from typing import Any, ClassVar

from tissueshap.workflow._config import Config, options

_OPTIONS = frozenset(options())


class Watched(Config):
    """Settings of a run that note each option that is read, also by a property."""

    _used: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        """Return an attribute, and note its name if it is an option."""
        if name in _OPTIONS:
            object.__getattribute__(self, "_used").add(name)
        return object.__getattribute__(self, name)


def watched(config: Config, used: set[str]) -> Config:
    """Return the same settings, which add the name of each option that is read to ``used``."""
    copy = object.__new__(Watched)
    copy.__dict__.update(vars(config))
    copy.__dict__["_used"] = used
    return copy
