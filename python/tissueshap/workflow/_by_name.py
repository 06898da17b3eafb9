"""Public data that options name instead of a file: ``--gene-sets reactome``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tissueshap._core.errors import DataError
from tissueshap.workflow._config import Config

#: The options that accept a name, and what a name sets in addition if that is not set.
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "annotation": (),
    "gene_sets": (),
    "interactions": ("interaction_names",),
}


def _datasets() -> Any:
    """Return the package, imported for a run only: the help of the command line needs no data."""
    from tissueshap import datasets

    return datasets


def is_name(path: Any) -> bool:
    """Return whether an option names public data: a file of that name takes precedence."""
    return str(path) in _datasets().SOURCES and not Path(path).exists()


def check_names(config: Config) -> None:
    """Refuse names of data that do not have what an option needs."""
    for option in OPTIONS:
        for value in _values(config, option):
            if is_name(value):
                _check(option, str(value))


def with_data(config: Config) -> Config:
    """Return settings with the paths of the data that are named, fetched if need be."""
    changes: dict[str, Any] = {}
    for option, others in OPTIONS.items():
        given = _values(config, option)
        if not any(map(is_name, given)):
            continue
        if isinstance(getattr(config, option), tuple):
            changes[option] = tuple(fetched(option, value) for value in given)
            continue
        changes[option] = fetched(option, given[0])
        for other in others:
            if getattr(config, other) is None:
                changes[other] = _datasets().fetch(str(given[0]), roles=[other])[other]
    return replace(config, **changes) if changes else config


def without_names(config: Config) -> Config:
    """Return settings to read the data with, without an annotation that must be fetched."""
    named = config.annotation is not None and is_name(config.annotation)
    return replace(config, annotation=None) if named else config


def fetched(option: str, value: Path) -> Path:
    """Return the path of the data that an option names, or the path as it is."""
    if not is_name(value):
        return value
    _check(option, str(value))
    path: Path = _datasets().fetch(str(value), roles=[option])[option]
    return path


def _check(option: str, name: str) -> None:
    suited = [each for each, source in _datasets().SOURCES.items() if option in source.roles()]
    if name not in suited:
        flag = option.replace("_", "-")
        raise DataError(
            f"--{flag}: {name!r} are public data without {option.replace('_', ' ')}: name a file, "
            f"or {' or '.join(suited)}"
        )


def _values(config: Config, option: str) -> tuple[Path, ...]:
    value = getattr(config, option)
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
