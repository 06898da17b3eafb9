"""Counts out of an .h5ad file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from tissueshap._errors import DataError
from tissueshap.io._counts import CountFile
from tissueshap.io._h5ad import read_h5ad
from tissueshap.io._matrix import Kind, Matrix, fault

_ROWS = 1024


def counts_from_h5ad(path: Path, kind: Kind) -> CountFile:
    """Return ``X``, ``obs`` and the text and number columns of ``var`` of an .h5ad file."""
    adata = read_h5ad(path)
    if adata.X is None:
        raise DataError(f"{path} has no X: put the counts there")
    samples, genes = list(map(str, adata.obs_names)), list(map(str, adata.var_names))
    out = Matrix(path, "samples", len(samples), len(genes), kind)
    for start in range(0, len(samples), _ROWS):
        rows = adata.X[start : start + _ROWS]
        dense = np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
        found = fault(dense.ravel(), kind)
        if found is not None:
            at, what, remedy = found
            row, column = divmod(at, len(genes))
            hint = " (layers['counts'] is there)" if "counts" in adata.layers else ""
            raise DataError(
                f"{path}, X: gene {genes[column]!r} in sample {samples[start + row]!r} {what}: "
                f"{remedy}{hint}"
            )
        out.add(dense)
    columns = {
        str(name): adata.var[name].astype(object).tolist()
        for name in adata.var.columns
        if not isinstance(adata.var[name].dtype, pd.BooleanDtype)
    }
    obs = adata.obs.copy()
    obs.index = pd.Index(samples)
    return CountFile(path, samples, genes, out, columns, obs)
