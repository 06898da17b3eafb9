"""The columns of ``obs`` that a user names: above all the classes, and the donors."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.errors import DataError, TakenSlotError
from tissueshap._core.logging import logger
from tissueshap._core.slots._read import record

if TYPE_CHECKING:
    from anndata import AnnData


def label_of(adata: AnnData, label: str | None = None) -> str:
    """Return the class column: `label` if passed, otherwise the one recorded before.

    Raises
    ------
    DataError
        There is none, or it has missing values.
    """
    name = label if label is not None else adata.uns.get(schema.UNS, {}).get("label")
    if name is None:
        raise DataError("which column of adata.obs holds the classes? Pass label='...'")
    column = obs_column(adata, str(name), "label")
    if column.isna().any():
        where = list(adata.obs_names[column.isna()][:5])
        raise DataError(f"adata.obs[{name!r}] is missing for samples {where}: drop or label them")
    return str(name)


def label_name(adata: AnnData, label: str | None) -> str:
    """Return the class column as in :func:`label_of`, and record it for later verbs."""
    name = label_of(adata, label)
    if record(adata).get("label") != name:
        _report_unused(adata, name)
    record(adata)["label"] = name
    return name


def _report_unused(adata: AnnData, label: str) -> None:
    column = adata.obs[label]
    if isinstance(column.dtype, pd.CategoricalDtype):
        unused = column.cat.categories.difference(column.unique(), sort=False)
        if len(unused):
            logger.info(
                "adata.obs[%r] has %d classes without samples, which are left out: %s",
                label,
                len(unused),
                list(map(str, unused[:5])),
            )


def class_names(adata: AnnData, label: str | None = None) -> list[str]:
    """Return the classes that occur, in the order of the categories or of the alphabet."""
    name = label_of(adata, label)
    column = adata.obs[name]
    names = sorted(set(map(str, column.unique())))
    if isinstance(column.dtype, pd.CategoricalDtype):
        names = [one for one in map(str, column.cat.categories) if one in set(names)]
    # Excel's trailing blanks, and numbers that are text in some rows
    plain = {one: re.sub(r"\.0$", "", one.strip()) for one in names}
    occurs = Counter(plain.values())
    twice = [one for one in names if occurs[plain[one]] > 1]
    if twice:
        raise DataError(
            f"adata.obs[{name!r}] has classes that differ only by blanks or by how a number is "
            f"written, {twice[:6]}: give each class one name"
        )
    return names


def classes_to_compare(adata: AnnData, name: str) -> list[str]:
    """Return the classes of a column, of which there must be two."""
    classes = class_names(adata, name)
    if len(classes) < 2:
        raise DataError(
            f"adata.obs[{name!r}] has only one class, {classes}: at least two are needed"
        )
    return classes


def class_codes(adata: AnnData, label: str | None = None) -> np.ndarray:
    """Return each sample's class as its position in :func:`class_names`."""
    names = class_names(adata, label)
    lookup = {name: code for code, name in enumerate(names)}
    column = adata.obs[label_of(adata, label)].astype(str)
    codes: np.ndarray = column.map(lookup).to_numpy(dtype=np.int64)
    return codes


def obs_column(adata: AnnData, name: str, argument: str) -> pd.Series:
    """Return a column of ``obs`` that the user names, or raise if it cannot be used.

    Parameters
    ----------
    adata
        Samples x genes.
    name
        The column.
    argument
        Which argument names it: ``"label"``, ``"groups"``, ``"covariates"``, ``"block"``.

    Raises
    ------
    DataError
        The column does not exist, occurs twice, or has the name of a slot that a verb writes.
    """
    refuse_reserved(name, argument, "adata.obs")
    if name not in adata.obs:
        raise DataError(
            f"adata.obs has no column {name!r} for {argument}=; it has "
            f"{list(map(str, adata.obs.columns))[:20]}"
        )
    column: pd.Series = adata.obs[name]
    if column.ndim != 1:
        raise DataError(f"adata.obs has the column {name!r} twice: rename or drop one of them")
    return column


def refuse_reserved(name: str, argument: str, where: str) -> None:
    """Raise if a column that the user names has the name of a slot that a verb writes.

    ``"donor"`` is allowed for donors, but not for classes.
    """
    if argument != "label" and name == schema.obs.donor:
        return
    verb = schema.written_by("obs", name)
    if verb is not None:
        raise DataError(
            f"{argument}={name!r}: in {where} this name is reserved for what ts.{verb} writes; "
            f"rename the column, and pass the new name as {argument}="
        )


def put_donors(obs: pd.DataFrame, donors: pd.Series, name: str, where: str) -> None:
    """Write the donors, from the column ``name``, to their slot.

    Raises
    ------
    TakenSlotError
        The slot has other values.
    """
    slot = schema.obs.donor
    if slot in obs and name != slot and not (obs[slot].astype(str) == donors.astype(str)).all():
        raise TakenSlotError(
            f"{where} has a column {slot!r} in addition to {name!r}, which was passed as the "
            f"donors': donors are stored as {slot!r}; rename or delete that column"
        )
    obs[slot] = donors.astype("category")
