"""Normalise by trimmed means of M values."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData

from tissueshap._bridge import r
from tissueshap._bridge.counts import checked, workers
from tissueshap._core import provenance, schema, slots
from tissueshap._core.adata import target
from tissueshap._core.counts import counts_of
from tissueshap._core.errors import DataError
from tissueshap._core.lazy import is_large
from tissueshap._core.scale import check_not_normalised
from tissueshap.pp._tmm_on_disk import tmm_in_blocks


def tmm(
    adata: AnnData,
    *,
    layer: str | None = None,
    reference: AnnData | dict[str, Any] | None = None,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Normalise by trimmed means of M values (TMM).

    The factors are those of edgeR's ``calcNormFactors`` (Robinson and Oshlack, Genome
    Biology 11:R25, 2010), and the layer is counts per million on effective library
    sizes. The R function ``core_tmm`` does the work, with ``settings.n_jobs`` processes for
    large data. If ``pp.filter_genes`` marks genes, library sizes and factors are those of the
    marked genes, and the layer has values for all.

    Counts on disk that do not fit into memory (docs/atlases.md) are read in blocks, and the layer
    is not stored: later functions compute it for the samples that they read.

    Parameters
    ----------
    adata
        Samples x genes, with raw counts.
    %(counts_layer)s
    reference
        Normalise new samples in the same way as earlier ones: the AnnData of those after
        ``tmm``, or its record ``uns["tissueshap"]["tmm"]``. Genes are matched by name; all of
        the reference's must be there, and further ones have no part in library sizes and
        factors. A sample's factor then does not depend on the others in ``adata``.
    key_added
        Name of the record, and prefix of the slots, instead of ``"tmm"``.
    copy
        Return a new AnnData and leave this one unchanged.

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``obs["lib_size"]`` (reads),
        ``obs["norm_factor"]``, ``layers["tmm"]`` (counts per million) and
        ``uns["tissueshap"]["tmm"]``: ``reference_sample``, ``reference`` (``gene``,
        ``count``), ``reference_scale``.

    Raises
    ------
    DataError
        If the values are not counts, a sample has none, or ``reference`` has no record.

    Examples
    --------
    >>> adata = ts.datasets.simulate(90, 100, tissues=["Heart", "Liver", "Lung"])
    >>> ts.pp.tmm(adata)
    >>> bool(abs(np.log(adata.obs["norm_factor"]).mean()) < 1e-6)  # their product is 1
    True
    """
    adata = target(adata, copy=copy)
    mask = provenance.genes_in_use(adata)
    read = "filter_genes" if mask is not None else None
    sources = slots.begin(adata, "tmm", read, key_added=key_added)
    counts = counts_of(adata, layer)
    frozen = _frozen(reference)
    large = is_large(counts.values)
    if large:
        result = tmm_in_blocks(counts, reference=frozen, genes=mask)
    else:
        result = r.call(
            "core_tmm",
            counts=checked(counts),
            reference=frozen,
            BPPARAM=workers(adata),
            genes=mask,
        )
        # R's genes x samples in Fortran order are samples x genes in C order: no copy.
        result["layers"] = {name: np.asarray(layer).T for name, layer in result["layers"].items()}
    # The vector of a single sample arrives from R as a number.
    totals = np.atleast_1d(result["obs"][schema.obs.lib_size])
    check_not_normalised(totals, counts.where)
    slots.write(
        adata,
        "tmm",
        result,
        params={"frozen": reference is not None, "layer": counts.recorded},
        versions=("scipy",) if large else r.versions("R", "edgeR"),
        sources=sources,
        computed=schema.layers.tmm if large else None,
        key_added=key_added,
    )
    if not large:
        del result  # its layer is R's memory, in doubles
        r.free(counts.values)
    return adata if copy else None


def _frozen(reference: AnnData | dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what core_tmm needs of an earlier result."""
    if reference is None:
        return None
    if isinstance(reference, AnnData):
        reference = reference.uns.get(schema.UNS, {}).get("tmm", {})
    wanted = ("reference", "reference_scale", "reference_sample")
    if missing := [name for name in wanted if name not in reference]:
        raise DataError(
            f"reference has no {missing}: run ts.pp.tmm on the reference's samples first and pass "
            f"that AnnData, or its uns[{schema.UNS!r}]['tmm']"
        )
    return {name: reference[name] for name in wanted}
