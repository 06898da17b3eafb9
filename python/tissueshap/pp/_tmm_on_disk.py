"""TMM of counts that do not fit into memory, in blocks of samples.

The steps are those of R's ``core_tmm``: the reference sample by edgeR's rule, then each
sample's factor relative to it. tests/cross compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.counts import Counts, check_counts
from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError
from tissueshap._core.lazy import of_columns
from tissueshap._core.progress import progress
from tissueshap.pp._frozen_tmm import effective_sizes


def tmm_in_blocks(
    counts: Counts, *, reference: Mapping[str, Any] | None, genes: np.ndarray | None
) -> dict[str, Any]:
    """Return what ``core_tmm`` returns, without the layer.

    Parameters
    ----------
    counts
        Raw counts on disk.
    reference
        ``reference``, ``reference_scale`` and ``reference_sample`` of an earlier result.
    genes
        Which genes library sizes and factors are computed from; all by default.
    """
    check_counts(counts)
    columns = np.arange(counts.values.shape[1]) if genes is None else np.flatnonzero(genes)
    frozen = None if reference is None else pd.DataFrame(reference["reference"])
    if frozen is not None:
        columns = _columns_of(counts, frozen["gene"].astype(str))
    values = of_columns(counts.values, columns)
    sizes = np.concatenate([block.sum(axis=1, dtype=np.float64) for _, block in blocks(values)])
    _check_sizes(counts, sizes)
    if frozen is None:
        chosen = _reference_sample(values, sizes)
        sample = str(counts.adata.obs_names[chosen])
        count = dense(values[np.array([chosen])])[0].astype(np.float64)
        frozen = pd.DataFrame({"gene": counts.var_names[columns].astype(str), "count": count})
    else:
        sample = str(reference["reference_sample"]) if reference else ""
    ratio = np.empty(sizes.size)
    base = frozen["count"].to_numpy(dtype=np.float64)
    for rows, block in progress(blocks(values), desc="TMM", unit="block"):
        ratio[rows] = effective_sizes(block, base, 1.0) / sizes[rows]
    # edgeR's convention: the factors multiply to one.
    scale = float(reference["reference_scale"]) if reference else np.exp(-np.log(ratio).mean())
    return {
        "obs": {schema.obs.lib_size: sizes, schema.obs.norm_factor: ratio * scale},
        "uns": {
            "reference_sample": sample,
            "reference": frozen,
            "reference_scale": float(scale),
        },
    }


def _columns_of(counts: Counts, genes: pd.Series) -> np.ndarray:
    columns = counts.var_names.astype(str).get_indexer(pd.Index(genes))
    missing = genes[columns < 0].tolist()
    if missing:
        raise DataError(
            f"{len(missing)} of the reference's {len(genes)} genes are not in the counts: "
            f"{missing[:5]}: keep the genes that the reference was made with"
        )
    return np.asarray(columns)


def _check_sizes(counts: Counts, sizes: np.ndarray) -> None:
    if (sizes == 0).any():
        empty = list(map(str, counts.adata.obs_names[sizes == 0]))
        raise DataError(
            f"{len(empty)} sample(s) have no counts in the genes that are used: {empty[:5]}: drop "
            "them, or let more genes pass the filter"
        )


def _reference_sample(values: Any, sizes: np.ndarray) -> int:
    """Return the sample that edgeR compares the others with.

    Its upper quartile, relative to its library size, is closest to the mean of all; if most
    quartiles are 0, it has the largest sum of square roots.
    """
    expressed = np.zeros(values.shape[1], dtype=bool)
    for _, block in blocks(values):
        expressed |= (block > 0).any(axis=0)
    upper, roots = np.empty((2, sizes.size))
    for rows, block in blocks(values):
        upper[rows] = np.quantile(block[:, expressed], 0.75, axis=1)
        roots[rows] = np.sqrt(block, dtype=np.float64).sum(axis=1)
    upper /= sizes
    if np.median(upper) < 1e-20:
        return int(roots.argmax())
    return int(np.abs(upper - upper.mean()).argmin())
