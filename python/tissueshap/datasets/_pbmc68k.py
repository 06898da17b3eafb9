"""``datasets.pbmc68k``: 700 real blood cells of ten types, as counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.errors import DataError
from tissueshap._install.feature import needed

if TYPE_CHECKING:
    from anndata import AnnData

#: Total to which each cell was scaled before the logarithm.
_SCALE = 10_000.0
#: What the whole matrix has to add up to.
_TOTAL = 486_651
#: Largest relative distance from an integer that rounding of float32 explains.
_TOLERANCE = 0.002
_CELLS, _GENES = 700, 765


def pbmc68k() -> AnnData:
    """Return 700 peripheral blood cells with their integer UMI counts.

    The data come with scanpy (:func:`scanpy.datasets.pbmc68k_reduced`; no network is
    needed), which keeps the logarithm of scaled counts. The counts are computed back,
    and checked in two ways: by each cell's total, and by its smallest positive value,
    which is one molecule.

    Returns
    -------
    AnnData, 700 cells x 765 genes:
        ``X``, UMI counts, int32; ``obs["cell_type"]``, ten types of 8 to 240 cells
        (recorded as the label); ``obs["n_counts"]``, the cell's UMI count over the whole
        transcriptome; ``var["symbol"]``.

    Raises
    ------
    DataError
        This version of scanpy ships other values, so that counts cannot be computed.
    MissingPackageError
        scanpy is not there, or does not fit the other packages.

    References
    ----------
    Zheng et al., Nature Communications 8:14049 (2017), doi:10.1038/ncomms14049.

    Examples
    --------
    >>> adata = ts.datasets.pbmc68k()
    >>> adata.shape, adata.obs["cell_type"].nunique()
    ((700, 765), 10)
    """
    import anndata

    source = needed("scanpy", "scanpy.datasets.pbmc68k_reduced", "ts.datasets.pbmc68k")()
    if source.raw is None or source.raw.shape != (_CELLS, _GENES):
        raise DataError(
            f"scanpy's pbmc68k_reduced has no raw matrix of {_CELLS} x {_GENES}: this version "
            "of scanpy ships other data; install scanpy 1.11"
        )
    raw = source.raw.X
    logged = np.asarray(raw.toarray() if hasattr(raw, "toarray") else raw, dtype=np.float64)
    counts = integer_counts(logged, source.obs["n_counts"].to_numpy(dtype=np.float64))
    if counts.sum() != _TOTAL:
        raise DataError(
            f"the counts of scanpy's pbmc68k_reduced add up to {counts.sum():,}, not to "
            f"{_TOTAL:,}: this version of scanpy ships other data; install scanpy 1.11"
        )
    obs = pd.DataFrame(
        {
            "cell_type": source.obs["bulk_labels"].astype(str).astype("category").to_numpy(),
            "n_counts": source.obs["n_counts"].to_numpy(dtype=np.float64),
        },
        index=source.obs_names.astype(str).to_numpy(dtype=object),
    )
    genes = source.raw.var_names.astype(str).to_numpy(dtype=object)
    adata = anndata.AnnData(counts, obs=obs, var=pd.DataFrame({schema.var.symbol: genes}, genes))
    slots.label_name(adata, "cell_type")
    slots.write(adata, "pbmc68k", {}, params={}, versions=("scanpy",))
    return adata


def integer_counts(logged: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Return the counts behind log1p of counts scaled to 10,000 per cell.

    Parameters
    ----------
    logged
        Cells x genes, natural logarithm of 1 + scaled count.
    totals
        Each cell's total count before scaling.

    Returns
    -------
    Cells x genes, int32, in C order.

    Raises
    ------
    DataError
        A value is further than 0.2 % from an integer, or the two ways disagree.
    """
    scaled = np.expm1(logged)
    exact = scaled * (totals / _SCALE)[:, None]
    counts = np.rint(exact)
    present = scaled > 0
    off = np.abs(exact - counts)[present] / np.maximum(counts[present], 1)
    if off.size == 0 or off.max() > _TOLERANCE:
        worst = off.max() if off.size else np.nan
        raise DataError(
            f"values are up to {worst:.2%} from an integer count (at most {_TOLERANCE:.1%}): "
            "they are not log1p of counts scaled to 10,000 per cell"
        )
    one = np.where(present, scaled, np.inf).min(axis=1, keepdims=True)
    if (np.rint(scaled / one) != counts).any():
        cell = int(np.flatnonzero((np.rint(scaled / one) != counts).any(axis=1))[0])
        raise DataError(
            f"in cell {cell} the total count and the smallest value give different counts: "
            "the totals are not those of these cells"
        )
    return np.ascontiguousarray(counts, dtype=np.int32)
