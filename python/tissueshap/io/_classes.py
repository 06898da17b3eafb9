"""The selection of classes to keep."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError, DataWarning
from tissueshap._core.logging import logger
from tissueshap._core.options import check_patterns
from tissueshap.io._text import first


def class_mask(
    classes: pd.Series, exclude: Sequence[str], min_class_size: int, path: Path
) -> np.ndarray:
    """Return which samples belong to a class that is not excluded and is large enough."""
    check_patterns("exclude", exclude)
    sizes = classes.value_counts().sort_index()
    for pattern in exclude:
        if not any(fnmatchcase(str(name), pattern) for name in sizes.index):
            warnings.warn(
                f"exclude={pattern!r} matches no class; they are {first(sizes.index)}",
                DataWarning,
                stacklevel=3,
            )
    left = sizes[classes_left(sizes, exclude, min_class_size)]
    out = [name for name in sizes.index if _excluded(name, exclude)]
    if out:
        logger.info(
            "excluded %d samples of %d classes: %s", sizes[out].sum(), len(out), first(out, 99)
        )
    small = sizes.drop(out)[lambda left: left < min_class_size]
    if len(small):
        named = ", ".join(f"{name!r} ({size})" for name, size in small.items())
        logger.info("dropped classes of fewer than %d samples: %s", min_class_size, named)
    if len(left) < 2:
        raise DataError(
            f"{path}: {len(left)} class(es) left ({first(left.index)}), at least two are needed; "
            f"sizes before: {dict(list(sizes.items())[:10])}. Check label=, exclude= and "
            f"min_class_size={min_class_size}"
        )
    return classes.isin(left.index).to_numpy()


def classes_left(sizes: pd.Series, exclude: Sequence[str], min_class_size: int) -> np.ndarray:
    """Return which classes are neither excluded nor too small, by their sizes."""
    out = np.array([_excluded(str(name), exclude) for name in sizes.index], dtype=bool)
    return ~out & (sizes >= min_class_size).to_numpy()


def _excluded(name: str, exclude: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in exclude)
