"""How closely the classes go with another column of the samples."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

#: Levels of a number: quarters of the samples.
_N_BINS = 4
#: Different values above which a number is binned.
_MAX_LEVELS = 10


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Return the bias-corrected association of two categories, 0 to 1.

    Bergsma, Journal of the Korean Statistical Society 42:323 (2013): Cramér's V is above 0 by
    chance, the more levels there are; a column with a level per sample would have 1. 0 if one
    of them has a single level.

    Parameters
    ----------
    first, second
        One label per sample.

    Examples
    --------
    >>> batch = np.array(["a", "b"] * 20)
    >>> ts.trust.cramers_v(batch, batch)
    1.0
    >>> ts.trust.cramers_v(batch, np.arange(40))
    0.0
    """
    rows, columns = (pd.factorize(values)[0] for values in (first, second))
    n, n_rows, n_columns = len(rows), int(rows.max()) + 1, int(columns.max()) + 1
    counts = np.bincount(rows * n_columns + columns, minlength=n_rows * n_columns)
    counts = counts.reshape(n_rows, n_columns)
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    phi2 = float((np.square(counts - expected) / expected).sum()) / n
    excess = max(0.0, phi2 - (n_rows - 1) * (n_columns - 1) / (n - 1))
    most = min(k - 1 - (k - 1) ** 2 / (n - 1) for k in (n_rows, n_columns))
    return float(min(1.0, np.sqrt(excess / most))) if most > 1e-9 else 0.0


def levels(column: pd.Series) -> pd.Series:
    """Return a column as categories, numbers of many values in quarters; NaN where missing.

    Parameters
    ----------
    column
        Of ``obs``.
    """
    if pd.api.types.is_numeric_dtype(column) and column.nunique() > _MAX_LEVELS:
        return pd.qcut(column.rank(), _N_BINS, labels=False, duplicates="drop")
    return column.astype(object).where(column.notna(), np.nan)


def names_the_class(classes: pd.Series, column: pd.Series) -> bool:
    """Return whether a column is another name of the classes, or of groups of them.

    Each class has one level, and at least half of the classes share a word with it:
    "Brain - Amygdala" and "Brain".

    Parameters
    ----------
    classes, column
        Of the same samples.
    """
    pairs = pd.DataFrame({"class": classes.astype(str), "level": column.astype(str)})
    pairs = pairs.drop_duplicates()
    if pairs["class"].duplicated().any():
        return False
    shared = [bool(_words(own) & _words(level)) for own, level in pairs.to_numpy()]
    return float(np.mean(shared)) >= 0.5


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.casefold()))
