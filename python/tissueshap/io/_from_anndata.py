"""Counts from an .h5ad file or a .zarr folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.counts import matrix_at, named_place, where_counts
from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError
from tissueshap._core.logging import logger
from tissueshap.io import _rules
from tissueshap.io._counts import CountFile
from tissueshap.io._file_type import is_zarr
from tissueshap.io._h5ad import read_h5ad, read_zarr
from tissueshap.io._matrix import DTYPES, Kind, Matrix, fault

if TYPE_CHECKING:
    from anndata import AnnData


def counts_from_anndata(path: Path, kind: Kind, layer: str | None = None) -> CountFile:
    """Return the counts of an AnnData in a file, with what else is read of it.

    That are ``obs``, ``var``, ``layers["tpm"]`` and, of simulated data, ``uns["truth"]``.

    Counts that are not in ``X`` are read from ``layers["counts"]``, ``raw`` or another
    layer, and a message says so; log-transformed values are those of ``X``. ``layer`` names
    another place.
    """
    adata = read_zarr(path) if is_zarr(path) else read_h5ad(path)
    if layer is not None:
        place = named_place(adata, layer)
    else:
        place = "X" if kind == "log" else where_counts(adata, estimated=kind == "estimated")
    if place != "X" and layer is None:
        logger.info("%s: X holds no counts; they are read from %s", path, place)
    values, var = matrix_at(adata, place), _genes(adata, place)
    if values is None:
        raise DataError(f"{path} has no X: put the counts there, samples x genes")
    samples, genes = _names(adata.obs_names), _names(var.index)
    obs = without_results(adata, "obs").set_axis(pd.Index(samples), axis=0)
    is_stored = isinstance(values, np.ndarray) and values.dtype == DTYPES[kind]
    shape = (len(samples), len(genes))
    out = Matrix.of(values, kind) if is_stored else Matrix(path, "samples", *shape, kind)
    for rows, block in blocks(values):
        problem = fault(block.ravel(), kind)
        if problem is not None:
            at, what, remedy = problem
            row, column = divmod(at, len(genes))
            raise DataError(
                f"{path}, {place}: gene {genes[column]!r} in sample "
                f"{samples[rows.start + row]!r} {what}: {remedy}"
            )
        if not is_stored:
            out.add(out.converted(block))
    return CountFile(
        path,
        samples,
        genes,
        out,
        {str(name): column.astype(object).tolist() for name, column in var.items()},
        obs.rename(columns=schema.plain_name),
        _tpm(adata, place),
        _truth(adata),
    )


def without_results(adata: AnnData, group: str) -> pd.DataFrame:
    """Drop the columns that verbs wrote, because their records and layers are not read either."""
    frame: pd.DataFrame = getattr(adata, group)
    owned = [name for name in frame if slots.owner(adata, group, str(name)) is not None]
    results = [
        name for name in owned if not (schema.written_by(group, str(name)) or "").startswith("io.")
    ]
    return frame.drop(columns=results)


def _names(index: pd.Index) -> list[str]:
    return [str(name).strip() for name in index]


def _genes(adata: AnnData, place: str) -> pd.DataFrame:
    """Return the ``var`` of a matrix; columns that ``raw.var`` lacks come from ``var``."""
    var = _rules.tidy(without_results(adata, "var"), "var")
    if place != "raw":
        return var
    raw = _rules.tidy(adata.raw.var, "raw.var")
    return raw.join(var[[name for name in var if name not in raw]])


def _truth(adata: AnnData) -> pd.DataFrame | None:
    """Return the markers of simulated data, not what else somebody calls the truth."""
    table = adata.uns.get("truth")
    is_known = isinstance(table, pd.DataFrame) and {"gene", "class", "kind"} <= set(table)
    return table if is_known else None


def _tpm(adata: AnnData, place: str) -> np.ndarray | None:
    tpm = adata.layers.get(schema.layers.tpm)
    # raw has other genes than the layers
    return None if tpm is None or place == "raw" else dense(tpm)
