"""The small files of a run, which are read before the counts, and again if it is resumed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tissueshap import io
from tissueshap._core.errors import DataError
from tissueshap.io import read_delimited


def read_map(path: Path) -> dict[str, str]:
    """Read a map of another cohort's classes: TSV or CSV with two columns.

    Raises
    ------
    DataError
        The file cannot be read, has other than two columns, or names a class twice.
    """
    table = read_delimited(path, "names of classes").dropna()
    if table.shape[1] != 2:
        raise DataError(
            f"{path} has {table.shape[1]} columns but needs two: the name of a class in the other "
            "cohort and that in the training cohort"
        )
    first = table.iloc[:, 0]
    if first.duplicated().any():
        raise DataError(
            f"{path} names {first[first.duplicated()].iloc[0]!r} twice: remove one of the rows"
        )
    return dict(zip(first, table.iloc[:, 1], strict=True))


def read_markers(path: Path) -> pd.DataFrame:
    """Read known markers: TSV or CSV with the columns ``class`` and ``gene``.

    Raises
    ------
    DataError
        The file cannot be read, or lacks a column.
    """
    table = read_delimited(path, "markers")
    missing = [name for name in ("class", "gene") if name not in table.columns]
    if missing:
        raise DataError(
            f"{path} has no column {missing[0]!r}; it has {list(table.columns)}: a table of "
            "markers has the columns class and gene"
        )
    return table[["class", "gene"]].dropna().drop_duplicates(ignore_index=True)


def read_gene_sets(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Read GMT files into one mapping; a repeated name also gets the name of its file."""
    sets: dict[str, list[str]] = {}
    for path in paths:
        for name, genes in io.read_gmt(path).items():
            sets[f"{name} ({path.name})" if name in sets else name] = genes
    return sets
