"""Mean profiles to draw samples around: which classes, under which names, how many samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError
from tissueshap.io import MIN_GENES


@dataclass(frozen=True)
class Profiles:
    """The classes that are drawn.

    Attributes
    ----------
    values
        Classes x genes, float32, on a linear scale.
    names, columns
        Each class's name, and its column in the table it came from.
    genes
        Names of the genes.
    sizes
        Samples of each class, 0 for one that is there to contaminate others.
    """

    values: np.ndarray
    names: pd.Index
    columns: list[Any]
    genes: pd.Index
    sizes: np.ndarray

    def table(self) -> pd.DataFrame:
        """Return one row per class: its name, profile and samples."""
        return pd.DataFrame(
            {"class": self.names.to_numpy(), "profile": self.columns, "n": self.sizes}
        )


def drawn_profiles(
    profiles: pd.DataFrame, names: Mapping[str, str] | None, n_per_class: int | Mapping[str, int]
) -> Profiles:
    """Return the profiles to draw around, classes in alphabetical order.

    Parameters
    ----------
    profiles
        Genes x classes.
    names
        Name of the class for the columns to draw; None takes all under their own.
    n_per_class
        Samples of each class, or of some.
    """
    if not isinstance(profiles, pd.DataFrame):
        raise DataError(
            f"profiles is a {type(profiles).__name__}: give a data frame, genes x classes"
        )
    names = {name: name for name in profiles.columns} if names is None else dict(names)
    _check_names(profiles, names)
    sizes = _sizes(sorted(map(str, names.values())), n_per_class)
    column = {str(name): key for key, name in names.items()}
    chosen = profiles[[column[name] for name in sizes]]
    return Profiles(
        values=_values(chosen),
        names=pd.Index(list(sizes), dtype=object),
        columns=[str(name) for name in chosen.columns],
        genes=pd.Index(chosen.index.astype(str).to_numpy(dtype=object)),
        sizes=np.array(list(sizes.values()), dtype=np.int64),
    )


def _check_names(profiles: pd.DataFrame, names: dict[str, str]) -> None:
    if unknown := [name for name in names if name not in profiles.columns]:
        raise DataError(
            f"map names {unknown[:5]}, which profiles do not have; they have "
            f"{list(profiles.columns[:5])} ..."
        )
    for what, index in (
        ("classes", pd.Index(list(names.values()))),
        ("columns", profiles.columns),
        ("genes", profiles.index.astype(str)),
    ):
        if not index.is_unique:
            repeated = list(index[index.duplicated()].unique()[:5])
            raise DataError(f"{what} of the profiles repeat: {repeated}; each must be named once")
    if len(profiles) < MIN_GENES:
        raise DataError(f"profiles have {len(profiles)} genes: at least {MIN_GENES} are needed")
    if len(names) < 2:
        raise DataError("profiles have one class to draw: at least two are needed")


def _sizes(classes: list[str], n_per_class: int | Mapping[str, int]) -> dict[str, int]:
    """Return the samples of each class, 0 where others are named."""
    if isinstance(n_per_class, Mapping):
        given = dict(n_per_class)
    else:
        given = dict.fromkeys(classes, n_per_class)
    if unknown := [name for name in given if name not in classes]:
        raise DataError(f"n_per_class names {unknown[:5]}; the classes are {classes[:5]} ...")
    if bad := {name: n for name, n in given.items() if n < 1 or n != int(n)}:
        raise DataError(f"n_per_class is {bad}: give 1 sample or more, an integer")
    if not given:
        raise DataError("n_per_class names no class: give the samples of one or more")
    return {name: int(given.get(name, 0)) for name in classes}


def _values(profiles: pd.DataFrame) -> np.ndarray:
    """Return classes x genes, checked to be abundances."""
    try:
        values = profiles.to_numpy(dtype=np.float32)
    except (TypeError, ValueError):
        raise DataError("profiles hold something other than numbers: keep only classes") from None
    bad = ~np.isfinite(values) | (values < 0)
    if bad.any():
        gene, column = np.argwhere(bad)[0]
        raise DataError(
            f"profiles[{profiles.columns[column]!r}] is {values[gene, column]} for "
            f"{profiles.index[gene]!r}: means on a linear scale are finite and at least 0"
        )
    if empty := list(profiles.columns[values.sum(axis=0) == 0]):
        raise DataError(f"profiles {empty[:5]} are 0 for all genes: leave these classes out")
    return np.ascontiguousarray(values.T)
