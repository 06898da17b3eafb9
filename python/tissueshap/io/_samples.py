"""The samples table, and how it is matched with the samples of the counts."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tissueshap._core.errors import DataError, DataWarning
from tissueshap.io import _rules
from tissueshap.io._delimited import read_delimited
from tissueshap.io._numbers import is_number
from tissueshap.io._text import duplicates, first


@dataclass
class SampleTable:
    """A samples table as text, before it is known which column holds the ids.

    Attributes
    ----------
    name
        The file, for messages.
    frame
        Every column as text, missing cells as None.
    """

    name: str
    frame: pd.DataFrame

    def ids(self) -> dict[str, None]:
        """Return all possible sample ids, the first column's values first."""
        return {
            str(value): None
            for column in self.frame.columns
            for value in self.frame[column].dropna()
        }

    def rows_of(self, samples: Sequence[str]) -> tuple[str, pd.DataFrame]:
        """Return the id column, and the rows of the given samples with the id as index.

        The id column is the one that has most of the samples' names; in ties the first.
        """
        wanted = set(samples)
        hits = {name: self.frame[name].isin(wanted).sum() for name in self.frame.columns}
        column = max(hits, key=lambda name: hits[name])
        indexed = self.frame.set_index(column)
        return column, indexed[indexed.index.isin(wanted)]

    def match(self, samples: Sequence[str], counts: Path) -> pd.DataFrame:
        """Return the rows of the given samples, with the id as index, and warn of the others.

        Parameters
        ----------
        samples
            The samples of the counts.
        counts
            The file of the counts, for messages.
        """
        column, indexed = self.rows_of(samples)
        if indexed.empty:
            raise DataError(
                f"no sample of {counts} ({first(samples)}) is in {self.name} "
                f"({first(self.frame.iloc[:, 0])}): make the sample ids the same in both files"
            )
        twice = duplicates(indexed.index)
        if twice:
            raise DataError(
                f"{self.name}, column {column!r}: {len(twice):,} samples have more than one row "
                f"({first(twice)}); keep one row for each sample"
            )
        unknown = [name for name in samples if name not in indexed.index]
        if unknown:
            warnings.warn(
                f"{len(unknown):,} of {len(samples):,} samples in {counts} have no row in "
                f"{self.name} and are dropped: {first(unknown)}",
                DataWarning,
                stacklevel=3,
            )
        return indexed


def sample_table(samples: str | Path | pd.DataFrame) -> SampleTable:
    """Read a samples table: TSV or CSV, also gzip, or a data frame with ids as its index."""
    if isinstance(samples, pd.DataFrame):
        name = "the samples table"
        frame = _rules.table(samples, name)
    else:
        name = str(samples)
        frame = read_delimited(samples, "samples")
    if frame.empty:
        raise DataError(f"{name} has no rows: is it the right file?")
    return SampleTable(name, frame)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return text columns as numbers if every cell is a number, otherwise as categories."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        # Strings are objects in pandas 2 and have their own type in pandas 3.
        if column.dtype == object or isinstance(column.dtype, pd.StringDtype):
            known = column.dropna()
            if len(known) and all(_is_quantity(value) for value in known):
                column = pd.to_numeric(column)
            else:
                column = column.astype("category")
        elif isinstance(column.dtype, pd.CategoricalDtype):
            column = column.cat.remove_unused_categories()
        columns[name] = column
    return pd.DataFrame(columns, index=frame.index)


def _is_quantity(value: object) -> bool:
    """Return whether a value is a finite number (007 is a name)."""
    if not isinstance(value, str):
        return True
    is_name = len(value) > 1 and value[0] == "0" and value.isdigit()
    return is_number(value) and not is_name and math.isfinite(float(value))
