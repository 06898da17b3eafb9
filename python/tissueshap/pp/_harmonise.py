"""Transform a second cohort to the scale of the first."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.adata import check, target
from tissueshap._core.dense import blocks
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import training
from tissueshap._core.layers import place_of
from tissueshap._core.options import check_choice
from tissueshap._core.scale import check_logs, check_measured


def harmonise(
    adata: AnnData,
    reference: AnnData,
    *,
    method: Literal["zscore"] = "zscore",
    layer: str = "log2",
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Transform a second cohort to the scale of the one that a classifier was trained on.

    Each gene is standardised within its own cohort, then given the mean and the standard
    deviation that it has in the training cohort, so the classifier's input keeps its scale.
    This removes every overall difference between the cohorts, whether it comes from the
    laboratory or from the share of each class. The two cohorts should therefore have about
    the same classes.

    Parameters
    ----------
    adata
        The second cohort, samples x genes. Reads ``layers[layer]``, log2 values.
    reference
        The training cohort; its training samples (all, if ``obs["split"]`` is missing)
        give the means and standard deviations. Genes are matched by name.
    method
        ``"zscore"``.
    layer
        Layer to read in both.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``layers["harmonised"]`` (float32, on
        the scale of ``layer``; NaN for genes that the reference lacks) and the record
        ``uns["tissueshap"]["harmonise"]``: ``n_genes`` (shared genes), ``n_constant`` (those
        of them without variance in ``adata``, which get the reference's mean) and
        ``n_reference`` (samples of the reference).

    Raises
    ------
    DataError
        The cohorts share no gene, names are not unique, a value is missing or infinite, or
        there are fewer than two samples.

    Warns
    -----
    DataWarning
        The values are not log-transformed, or nothing was measured in a sample.

    Examples
    --------
    >>> ts.pp.harmonise(other, adata)
    >>> other.layers["harmonised"].shape == other.shape
    True
    """
    check_choice("method", method, ("zscore",))
    adata = target(adata, copy=copy)
    if adata.n_obs < 2:
        raise DataError(f"adata has {adata.n_obs} sample(s): a standard deviation needs two")
    sources = slots.begin(adata, "harmonise", layer=layer, key_added=key_added)
    own, theirs = _shared(adata, reference)
    slots.current(reference, layer=layer, what="reference")
    values = slots.require(adata, "layers", layer)
    check_measured(
        values,
        own,
        samples=adata.obs_names,
        genes=adata.var_names[own],
        where=place_of(adata, layer),
    )
    check_logs(values, place_of(adata, layer))
    selected = np.ones(reference.n_obs, dtype=bool)
    if schema.obs.split in reference.obs:
        selected = training(reference)
    mean, sd = (each[own] for each in moments(values))
    to_mean, to_sd = (
        each[theirs] for each in moments(slots.require(reference, "layers", layer), selected)
    )
    constant = sd == 0
    scale = np.divide(to_sd, sd, out=np.zeros_like(sd), where=~constant)
    harmonised = np.full(adata.shape, np.nan, dtype=np.float32)
    for rows, block in blocks(values):
        harmonised[rows.start : rows.stop, own] = (block[:, own] - mean) * scale + to_mean
    slots.write(
        adata,
        "harmonise",
        {
            "layers": {schema.layers.harmonised: harmonised},
            "uns": {
                "n_genes": int(own.size),
                "n_constant": int(constant.sum()),
                "n_reference": int(selected.sum()),
            },
        },
        params={"method": method, "layer": layer},
        sources=sources,
        key_added=key_added,
    )
    return adata if copy else None


def moments(values: np.ndarray, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return each gene's mean and standard deviation over some rows (a mask) of a matrix."""
    selected = np.ones(values.shape[0], dtype=bool) if rows is None else rows
    if not selected.any():
        raise DataError("the reference has no training samples: run ts.pp.split(reference)")
    n_genes = values.shape[1]
    count, mean, squares = 0, np.zeros(n_genes), np.zeros(n_genes)
    for place, block in blocks(values):
        part = np.asarray(block[selected[place]], dtype=np.float64)
        if not len(part):
            continue
        # Chan et al. (1979): sums about each block's own mean, so that nothing cancels.
        shift = part.mean(axis=0) - mean
        total = count + len(part)
        squares += np.square(part - part.mean(axis=0)).sum(axis=0)
        squares += shift**2 * count * len(part) / total
        mean += shift * len(part) / total
        count = total
    return mean, np.sqrt(squares / count)


def _shared(adata: AnnData, reference: AnnData) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the shared genes in both cohorts."""
    check(reference, "reference")
    names = pd.Index(map(str, adata.var_names))
    others = pd.Index(map(str, reference.var_names))
    places = others.get_indexer(names)
    own = np.flatnonzero(places >= 0)
    if not own.size:
        raise DataError(
            f"adata and reference share no gene: {list(names[:3])} and {list(others[:3])}: use "
            "the same kind of identifier in both"
        )
    return own, places[own]
