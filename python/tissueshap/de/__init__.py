"""Differential expression: what its tests take."""

from tissueshap.de._covariates import column_of, covariate

__all__ = ["column_of", "covariate"]
