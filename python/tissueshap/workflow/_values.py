"""The values of options: their types, and checks."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import Field
from pathlib import Path
from types import UnionType
from typing import Any, Literal

from tissueshap._core.de_methods import accepts, methods_for, values_of
from tissueshap._core.errors import DataError
from tissueshap._core.options import (
    check_choice,
    check_number,
    check_order,
    check_patterns,
    shown,
)


def base_type(hint: Any) -> type:
    """Return the type of a single value of an option: ``Path`` for ``tuple[Path, ...]``."""
    if choices(hint):
        return str
    arguments = [a for a in typing.get_args(hint) if a not in (type(None), Ellipsis)]
    base: type = arguments[0] if arguments else hint
    return base


def choices(hint: Any) -> tuple[str, ...]:
    """Return the choices of an option, empty if it has none."""
    return typing.get_args(hint) if typing.get_origin(hint) is Literal else ()


def repeats(hint: Any) -> bool:
    """Return whether an option can have several values."""
    return typing.get_origin(hint) is tuple


def agree(given: Mapping[str, Any]) -> None:
    """Raise a :class:`DataError` if options contradict each other."""
    select = given["select"]
    _agree_test(given["de_method"], given)
    if (select == "top_n") != (given["n_top"] is not None):
        raise DataError("select 'top_n' and n_top belong together: pass both or neither")
    if given["unique_fraction"] is not None and select not in ("auto", "unique_fraction"):
        raise DataError(f"unique_fraction is not for select {select!r}: leave one out")
    if given["test_per_class"] is not None and given["test_fraction"] is not None:
        raise DataError("test_per_class and test_fraction exclude each other: pass one of them")
    _agree_folds(given)
    check_order("min_set_size", given["min_set_size"], "max_set_size", given["max_set_size"])
    check_patterns("exclude", given["exclude"])
    if given["enrich_engine"] == "reactomepa" and given["gene_sets"]:
        raise DataError("the engine 'reactomepa' brings its own gene sets: leave gene_sets out")


def _agree_test(method: str, given: Mapping[str, Any]) -> None:
    values = "log" if given["values"] == "log" else "counts"
    if values_of(method) != values:
        both = f"values is {given['values']!r} and de_method {method!r}"
        raise DataError(
            f"{both}: {' or '.join(methods_for('log'))} is the only test for log values, and only "
            "for these"
        )
    for option in ("lfc_test", "covariates", "block"):
        if given[f"de_{option}"] not in (None, ()) and not accepts(method, option):
            others = " or ".join(methods_for(values, option))
            raise DataError(f"{method} does not support de_{option}: use {others}")


def _agree_folds(given: Mapping[str, Any]) -> None:
    if given["folds"] is None:
        return
    if given["test_per_class"] is not None or given["test_fraction"] is not None:
        raise DataError(
            "folds hold out every sample once: leave test_per_class and test_fraction out"
        )
    if given["compare_balancing"]:
        raise DataError("compare_balancing needs a single test set: leave folds out")


def checked(item: Field[Any], hint: Any, value: Any) -> Any:
    """Return a value of an option, converted to its type.

    Parameters
    ----------
    item
        The option: a field whose metadata hold ``low`` and ``high``.
    hint
        Its type.
    value
        The value to check.

    Raises
    ------
    DataError
        The value has another type, is out of range or not among the choices.
    """
    if value is None:
        if isinstance(hint, UnionType):
            return None
        raise DataError(f"{item.name} has no value")
    if repeats(hint):
        several = isinstance(value, Iterable) and not isinstance(value, str | bytes)
        values = list(value) if several else [value]
        return tuple(_one(item, hint, one) for one in values)
    return _one(item, hint, value)


def _one(item: Field[Any], hint: Any, value: Any) -> Any:
    kind = base_type(hint)
    if kind in (int, float):
        return _number(item, kind, value)
    if choices(hint):
        check_choice(item.name, value, choices(hint))
    if not isinstance(value, _ACCEPTED[kind]) or (isinstance(value, bool) and kind is not bool):
        raise DataError(f"{item.name} must be {_WORDS[kind]}, not {shown(value)}")
    try:
        return Path(value).expanduser() if kind is Path else kind(value)
    except (RuntimeError, ValueError) as error:  # no such user's home
        raise DataError(f"{item.name} is {shown(value)}: {error}") from None


#: The types that the value of an option may have, and their names in messages.
_ACCEPTED: dict[type, Any] = {
    bool: bool,
    Path: (str, Path),
    str: (str, int, float),
}
_WORDS = {bool: "true or false", Path: "a path", str: "text"}


def _number(item: Field[Any], kind: type, value: Any) -> Any:
    """Return a number, which can be text from YAML or the command line."""
    converted = value
    if not isinstance(value, bool):
        with suppress(TypeError, ValueError, OverflowError):
            converted = kind(value)
            converted = converted if converted == float(value) else value
    low, high = item.metadata["low"], item.metadata["high"]
    check_number(item.name, converted, low=low, high=high, integer=kind is int)
    return converted
