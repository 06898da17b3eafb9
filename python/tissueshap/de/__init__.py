"""Differential expression: its tests, and what they take."""

from tissueshap.de._covariates import column_of, covariate
from tissueshap.de._methods import Method, accepts, methods_for, name_of, pools, values_of

__all__ = [
    "Method",
    "accepts",
    "column_of",
    "covariate",
    "methods_for",
    "name_of",
    "pools",
    "values_of",
]
