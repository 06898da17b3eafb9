"""The inputs of a run other than a file of counts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap import io
from tissueshap._core import schema, slots
from tissueshap._core.counts import counts_of, remember
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.folders import need_space
from tissueshap._core.held_out import fewest
from tissueshap._core.scale import check_log_input
from tissueshap.enrichment import matching_ids
from tissueshap.workflow._config import Config
from tissueshap.workflow._job import Job

if TYPE_CHECKING:
    from anndata import AnnData


def keep_classes(adata: AnnData, config: Config) -> None:
    """Drop, in place, the classes that the settings exclude or that are too small.

    The class column becomes categorical; the donors' column becomes ``obs["donor"]``.
    """
    label = slots.label_name(adata, config.label)
    column = adata.obs[label].astype(str)
    kept = io.class_mask(column, config.exclude, config.smallest_class, Path("the AnnData"))
    if config.donor is not None:
        donors = slots.obs_column(adata, config.donor, "donor").astype(str)
        slots.put_donors(adata.obs, donors, config.donor, "adata.obs")
    adata._inplace_subset_obs(kept)
    adata.obs[label] = pd.Categorical(column[kept])


def use_counts(adata: AnnData, config: Config) -> None:
    """Put the counts, from where the settings or an earlier verb say, into ``X``, in place.

    With log-transformed values, the settings name their layer.
    """
    if config.values == "log" and config.layer is None:
        return
    found = counts_of(adata, config.layer)
    if found.place != "X":
        adata.X = found.values.copy()
        remember(adata, "X")


def need_samples(adata: AnnData, config: Config) -> None:
    """Refuse classes that are too small for the requested split."""
    needed = fewest(n_test=config.n_test, n_folds=config.folds)
    sizes = adata.obs[slots.label_of(adata)].astype(str).value_counts()
    small = sizes[sizes < needed]
    if len(small):
        shown = ", ".join(f"{name!r} ({size})" for name, size in small.head().items())
        raise DataError(
            f"each class needs {needed} samples for the requested split; these have fewer: "
            f"{shown}: exclude them (--min-class-size {needed}), or hold out fewer "
            "(--test-per-class, --folds)"
        )


def need_columns(adata: AnnData, names: Iterable[str | None]) -> None:
    """Refuse missing columns of ``obs`` before hours of work; None is ignored."""
    for name in names:
        if name is not None:
            slots.obs_column(adata, name, "covariates or block")


#: Bytes of the compressed results per value of the counts, and of everything else.
_BYTES, _LEAST = 10, 2 * 10**7


def check_space(job: Job, n_values: int) -> None:
    """Refuse a disk that cannot hold the results of so many samples x genes."""
    n_other = 0 if job.other is None else job.other.n_obs * job.other.n_vars
    need_space(job.folder, _LEAST + _BYTES * (n_values + n_other))


def log_layer(adata: AnnData, *, check_scale: bool = True) -> None:
    """Check the log-transformed values, and use ``X`` for them, in place, without a layer."""
    key = schema.layers.log2
    if key in adata.layers:
        where = f"adata.layers[{key!r}]"
        check_log_input(adata.layers[key], adata, where, refuse=check_scale)
        return
    if adata.X is None:
        raise DataError("values='log' needs the log-transformed values in X or layers['log2']")
    check_log_input(adata.X, adata, "adata.X", refuse=check_scale)
    slots.write(adata, "log2", {"layers": {key: dense(adata.X)}}, params={"layer": "X"})


def round_counts(adata: AnnData) -> None:
    """Round estimated counts in ``X``, in place, and record how many were fractions."""
    if adata.X is None:
        raise DataError("values='estimated' needs the estimated counts in X")
    values = dense(adata.X)
    rounded = np.rint(values)
    n_rounded = int((rounded != values).sum())
    adata.X = rounded
    params = {"values": "estimated"}
    slots.write(adata, "read_counts", {"uns": {"n_rounded": n_rounded}}, params=params)


def check_identifiers(adata: AnnData, wanted: set[str], what: str) -> None:
    """Refuse identifiers that match no gene of the data, before the work starts.

    Parameters
    ----------
    adata
        Samples x genes.
    wanted
        The identifiers.
    what
        Where they come from, for the message.

    Raises
    ------
    DataError
        No identifier is shared, or very few are.
    """
    known = (schema.var.gene_id, schema.var.symbol, schema.var.entrez_id)
    columns = [adata.var[name].astype(str) for name in known if name in adata.var]
    if any(wanted.intersection(names) for names in [adata.var_names, *columns]):
        matching_ids(adata, wanted, None)
        return
    raise DataError(
        f"no gene of {what} ({', '.join(sorted(wanted)[:5])}) is in the data "
        f"({', '.join(map(str, adata.var_names[:5]))}): use the same identifiers in {what}, or "
        "add symbols and Entrez ids with --annotation"
    )
