"""Checks of the options of every verb and of a run, and errors with one wording for each case."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable
from numbers import Real
from typing import Any

from tissueshap._core.errors import DataError, MissingPackageError


def check_number(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    integer: bool = False,
) -> None:
    """Raise a :class:`DataError` unless an option is a finite number within its limits.

    Parameters
    ----------
    name
        The option's name, for the message.
    value
        Its value.
    low, high
        The smallest and largest value.
    integer
        Whether it must be an integer.

    Examples
    --------
    >>> check_number("fdr", 0.05, low=0, high=1)
    """
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    number = float(value) if is_number else math.nan
    if (
        math.isfinite(number)
        and (not integer or number.is_integer())
        and (low is None or number >= low)
        and (high is None or number <= high)
    ):
        return
    wanted = "an integer" if integer else "a number"
    if low is not None and high is not None:
        wanted += f" between {low} and {high}"
    elif low is not None:
        wanted += f" of at least {low}"
    elif high is not None:
        wanted += f" of at most {high}"
    raise DataError(f"{name} must be {wanted}, not {shown(value)}")


def check_choice(name: str, value: Any, choices: Iterable[str], *, other: str = "") -> None:
    """Raise a :class:`DataError` unless an option is one of its choices.

    Parameters
    ----------
    name
        The option's name, for the message.
    value
        Its value.
    choices
        The values that it can have.
    other
        What it can be apart from these, for the message: ``"a matrix"``.

    Examples
    --------
    >>> check_choice("by", "class", ("all", "class"))
    """
    known = tuple(choices)
    if isinstance(value, Hashable) and value in known:
        return
    names = [*map(repr, known), *([other] if other else [])]
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    one_of = "one of " if len(known) > 2 and not other else ""
    raise DataError(f"{name} must be {one_of}{listed}, not {shown(value)}")


def wrong_type(name: str, value: object, expected: str, remedy: str = "") -> DataError:
    """Return the error for an argument of a wrong type: what is expected, and what to do."""
    text = f"{name} must be {expected}, not of type {type(value).__name__}"
    return DataError(f"{text}: {remedy}" if remedy else text)


def missing_package(feature: str, package: str, command: str) -> MissingPackageError:
    """Return the error for a missing package: what needs it, and the command that installs it."""
    return MissingPackageError(
        f"{feature} needs the package {package}, which is not installed: run `{command}`"
    )


def check_order(low_name: str, low: float, high_name: str, high: float) -> None:
    """Raise a :class:`DataError` if the lower of two limits is above the higher."""
    if low > high:
        raise DataError(f"{low_name} must be at most {high_name}, not {low} and {high}")


def check_patterns(name: str, patterns: Iterable[str]) -> None:
    """Raise a :class:`DataError` if a pattern of names has a bracket that is not closed."""
    for pattern in patterns:
        if "[" in re.sub(r"\[!?\]?[^\]]*\]", "", pattern):
            raise DataError(
                f"{name} must be patterns such as 'Cells*' or '[ab]*', not {pattern!r}: its [ is "
                "not closed; [[] stands for the character itself"
            )


def shown(value: object) -> str:
    """Return a value as a message shows it: shortened if it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]} ..."
