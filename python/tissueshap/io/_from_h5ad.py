"""Counts out of an .h5ad file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import _schema, _slots
from tissueshap._errors import DataError
from tissueshap.io._counts import CountFile
from tissueshap.io._h5ad import read_h5ad
from tissueshap.io._matrix import DTYPES, Kind, Matrix, fault

_ROWS = 1024


def counts_from_h5ad(path: Path, kind: Kind) -> CountFile:
    """Return ``X``, ``obs``, ``var`` and ``layers["tpm"]`` of an .h5ad file."""
    adata = read_h5ad(path)
    if adata.X is None:
        raise DataError(f"{path} has no X: put the counts there")
    samples, genes = list(map(str, adata.obs_names)), list(map(str, adata.var_names))
    matrix = adata.X
    held = isinstance(matrix, np.ndarray) and matrix.dtype == DTYPES[kind]
    out = Matrix.of(matrix) if held else Matrix(path, "samples", len(samples), len(genes), kind)
    for start in range(0, len(samples), _ROWS):
        rows = _dense(matrix[start : start + _ROWS])
        found = fault(rows.ravel(), kind)
        if found is not None:
            at, what, remedy = found
            row, column = divmod(at, len(genes))
            hint = " (layers['counts'] is there)" if "counts" in adata.layers else ""
            raise DataError(
                f"{path}, X: gene {genes[column]!r} in sample {samples[start + row]!r} {what}: "
                f"{remedy}{hint}"
            )
        if not held:
            out.add(rows)
    _drop_results(adata)
    columns = {str(name): adata.var[name].astype(object).tolist() for name in adata.var.columns}
    tpm = adata.layers.get(_schema.layers.tpm)
    obs = adata.obs.set_axis(pd.Index(samples), axis=0).rename(columns=_schema.column)
    return CountFile(path, samples, genes, out, columns, obs, None if tpm is None else _dense(tpm))


def _drop_results(adata: AnnData) -> None:
    """Leave out the columns that verbs wrote: their records and layers stay in the file too."""
    for group in ("obs", "var"):
        frame = getattr(adata, group)
        made = [name for name in frame if _slots.owner(adata, group, str(name)) is not None]
        inputs = [
            name for name in made if (_schema.written_by(group, name) or "").startswith("io.")
        ]
        setattr(adata, group, frame.drop(columns=[name for name in made if name not in inputs]))


def _dense(rows: Any) -> np.ndarray:
    return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
