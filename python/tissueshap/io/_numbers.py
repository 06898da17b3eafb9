"""Numbers in a table: read fast if a row is plain, and strictly in any case.

The readers of NumPy and Python accept more than a table means by a number: ``1_000``,
a single ``-`` (0) or blanks (0, or the end of a cell).
"""

from __future__ import annotations

import re
import warnings

import numpy as np

from tissueshap.io import _rules

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_INFINITE = {"inf", "-inf", "+inf", "infinity", "-infinity", "+infinity"}

_ZERO = np.uint8(ord("0"))
#: Digits that always fit into int64.
_LONGEST = 18
_OF_FRACTIONS = b"0123456789.eE+-"


def is_number(text: str) -> bool:
    """Return whether a cell's text is a finite number.

    >>> [is_number(text) for text in ("7", "-2.5e3", "1_000", "-", "nan")]
    [True, True, False, False, False]
    """
    return _NUMBER.fullmatch(text) is not None


def plain_numbers(text: str, sep: str, n: int) -> np.ndarray | None:
    """Return the numbers of a row that has nothing else, or None if it is not so plain.

    Parameters
    ----------
    text
        The cells as in the file, without a line break.
    sep
        What separates them.
    n
        Number of cells.

    Returns
    -------
    int64 if all are digits, otherwise float64. None if a cell is empty, has a blank, a
    quote or a word, or is not a number for :func:`is_number`; :func:`number` then reports
    which.
    """
    row, between = text.encode(), sep.encode()
    values = _integers(row, between, n)
    if values is not None:
        return values
    if row.translate(None, _OF_FRACTIONS + between) or _has_empty(row, between):
        return None
    values = _fractions(row, sep)
    return values if values.size == n else None


def _integers(row: bytes, between: bytes, n: int) -> np.ndarray | None:
    """Return the numbers of a row of digits, or None if it has anything else.

    All last digits are read at once, then the digits before them of the numbers that have
    any: most counts are short.
    """
    digits = np.frombuffer(row, dtype=np.uint8) - _ZERO
    ends = np.flatnonzero(digits > 9)
    if ends.size != n - 1 or (digits[ends] != (ord(between) - int(_ZERO)) % 256).any():
        return None
    ends = np.append(ends, digits.size)
    lengths = np.diff(ends, prepend=-1) - 1
    if not 1 <= lengths.min() <= lengths.max() <= _LONGEST:
        return None
    values = digits[ends - 1].astype(np.int64)
    longer = np.arange(n)
    for place in range(1, int(lengths.max())):
        longer = longer[lengths[longer] > place]
        values[longer] += digits[ends[longer] - 1 - place].astype(np.int64) * 10**place
    return values


def _has_empty(row: bytes, between: bytes) -> bool:
    """Return whether a cell is empty, which NumPy skips or reads as 0."""
    return 2 * between in row or row.startswith(between) or row.endswith(between)


def _fractions(row: bytes, sep: str) -> np.ndarray:
    try:
        # before NumPy 2.3 it warns, and returns what it read so far
        with warnings.catch_warnings(action="error", category=DeprecationWarning):
            return np.fromstring(row, dtype=np.float64, sep=sep)
    except (ValueError, DeprecationWarning):
        return np.empty(0)


def number(text: str) -> float | str:
    """Return the number in a cell, or what is wrong with it, for a message."""
    text = text.strip()
    if is_number(text):
        return float(text)
    if text.lower() in _INFINITE:
        return "is infinite"
    if _rules.is_missing(text) or text.lower() == "none":
        return "is missing"
    return f"is {text!r}, not a number"
