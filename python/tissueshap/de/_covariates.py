"""Covariates of a design: numbers enter as a trend, everything else as groups."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import slots
from tissueshap._core.errors import DataWarning
from tissueshap.io import as_text

#: How a column of numbers is turned into groups, as in R's formulas.
_AS_GROUPS = re.compile(r"factor\((.+)\)")

#: Integers of so many values are codes of groups more often than a quantity. Two
#: values are the same as a trend and as groups.
_CODES = range(3, 11)


def column_of(adata: AnnData, name: str) -> str:
    """Return the column of ``obs`` that a covariate is: ``batch`` for ``factor(batch)``."""
    match = _AS_GROUPS.fullmatch(name)
    return match[1] if match and name not in adata.obs else name


def covariate(adata: AnnData, name: str) -> np.ndarray:
    """Return a covariate as R takes it: numbers, or strings, None where missing.

    Warns
    -----
    DataWarning
        The column looks like groups that are coded as numbers.
    """
    source = column_of(adata, name)
    column = slots.obs_column(adata, source, "covariates")
    numeric = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    if not numeric or source != name:
        return as_text(column).to_numpy(object)
    values: np.ndarray = column.to_numpy(float, na_value=np.nan)
    known = np.unique(values[np.isfinite(values)])
    if len(known) in _CODES and (known == np.rint(known)).all():
        warnings.warn(
            f"the covariate {name!r} has the values {', '.join(f'{value:g}' for value in known)} "
            f"and enters as a trend; if they are groups, such as batches, use "
            f"'factor({name})'",
            DataWarning,
            stacklevel=5,
        )
    return values
