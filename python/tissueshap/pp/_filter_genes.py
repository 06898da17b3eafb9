"""Mark the genes that are expressed in enough samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from anndata import AnnData

from tissueshap._bridge import r
from tissueshap._bridge.convert import Matrix
from tissueshap._bridge.counts import checked
from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.counts import counts_of
from tissueshap._core.errors import DataError
from tissueshap._core.layers import find
from tissueshap._core.lazy import is_large
from tissueshap._core.logging import logger
from tissueshap._core.options import check_number
from tissueshap._core.scale import warn
from tissueshap.pp._expressed_on_disk import expressed_in_blocks
from tissueshap.pp._keep_classes import keep_classes


def filter_genes(
    adata: AnnData,
    label: str | None = None,
    *,
    layer: str | None = None,
    exclude: str | Sequence[str] | None = None,
    min_class_size: int = 0,
    min_reads: float | None = None,
    min_tpm: float = 0.1,
    min_samples: int | None = None,
    protein_coding: bool = True,
    subset: bool = False,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Mark the genes that are expressed in enough samples.

    Later functions use the marked genes alone, with the results that they have if the others are
    dropped, and write NaN for the others. ``adata`` keeps all its genes, so that a second call
    with other settings works on all of them; functions whose results depend on the genes then
    have to be run again, and say so. Functions of other packages, such as scanpy's, see all
    genes: pass ``subset=True``, or ``adata[:, adata.var["filter_pass"]]`` to them.

    A gene passes if it passes every rule that can be applied: it is protein coding,
    it has at least ``min_reads`` reads in more than ``min_samples`` samples, and its
    TPM is above ``min_tpm`` in more than ``min_samples`` samples. A rule whose data are
    missing is skipped, and the record says so. How many genes pass is logged, with a
    warning if most of the genes that were detected are lost. The R function
    ``core_filter_genes`` does the work; the rules are those of Yap et al., Scientific Reports
    11:2641 (2021).

    Parameters
    ----------
    adata
        Samples x genes, with raw counts. Reads ``var["biotype"]`` and
        ``layers["tpm"]``, or ``var["length"]`` (base pairs) to compute TPM from the counts.
    %(label)s
    %(counts_layer)s
    %(classes)s
    min_reads
        Minimum number of reads of a gene in a sample. By default 6, which is meant for bulk
        samples, or 1 for sparse counts such as those of single cells: most are 0, and most of
        the others 1 or 2.
    min_tpm
        Transcripts per million that a gene must exceed in a sample.
    min_samples
        A gene must reach both in more samples than this; by default 95 % of the smallest
        class, rounded down.
    protein_coding
        Require ``var["biotype"] == "protein_coding"`` if biotypes are known.
    subset
        Drop the genes that do not pass, as ``scanpy.pp.filter_genes`` does. A second call then
        works on the genes that are left: looser thresholds have no effect on those that were
        dropped.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``var["filter_pass"]`` (bool; under
        ``key_added`` it marks nothing for later functions) and
        ``uns["tissueshap"]["filter_genes"]``: ``min_reads`` and ``min_samples`` as used,
        ``sparse`` (whether the counts are), ``n_genes``, ``n_detected`` (genes with a count that
        pass the other rules), ``n_pass``, and ``rules`` (``rule``, ``applied``, ``n_pass``,
        ``note``).

    Raises
    ------
    DataError
        If the values are not counts, a sample has none, or no gene passes.

    Warns
    -----
    DataWarning
        Most of the genes that were detected are lost, or an earlier call has dropped genes.

    Examples
    --------
    >>> adata = ts.datasets.simulate(90, 100, tissues=["Heart", "Liver", "Lung"])
    >>> ts.pp.filter_genes(adata)
    >>> int(adata.var["filter_pass"].sum()), adata.n_vars
    (88, 100)
    >>> ts.pp.filter_genes(adata, min_reads=50)
    >>> int(adata.var["filter_pass"].sum())
    81
    >>> ts.pp.filter_genes(adata, subset=True)
    >>> adata.n_vars
    88
    """
    if min_reads is not None:
        check_number("min_reads", min_reads, low=0)
    check_number("min_tpm", min_tpm, low=0)
    if min_samples is not None:
        check_number("min_samples", min_samples, low=0, integer=True)
    if subset and adata.isbacked and not copy:
        raise DataError(
            "genes of an AnnData that is backed on disk cannot be dropped in place: mark them "
            "(subset=False), run adata = adata.to_memory() first, or pass copy=True"
        )
    adata = target(adata, copy=copy)
    keep_classes(adata, label, exclude=exclude, min_class_size=min_class_size)
    name = slots.label_name(adata, label)
    slots.begin(adata, "filter_genes", key_added=key_added)
    params: dict[str, Any] = {
        "min_reads": min_reads,
        "min_tpm": min_tpm,
        "min_samples": min_samples,
        "protein_coding": protein_coding,
    }
    counts = counts_of(adata, layer)
    earlier = _dropped_before(adata, key_added)
    if min_reads is None and earlier.get("sparse"):
        params["min_reads"] = 1  # the genes that are left are less sparse
    classes = adata.obs[name].astype(str).to_numpy()
    large = is_large(counts.values)
    if large:
        result = expressed_in_blocks(counts, label=classes, **_annotation(adata), **params)
    else:
        known = _annotation(adata)
        known["tpm"] = None if known["tpm"] is None else Matrix(known["tpm"])
        result = r.call(
            "core_filter_genes", counts=checked(counts), label=classes, **known, **params
        )
    if not np.any(result["var"][schema.var.filter_pass]):
        rules = result["uns"]["rules"]
        passing = ", ".join(
            f"{rule} {n}" for rule, n in zip(rules["rule"], rules["n_pass"], strict=True)
        )
        raise DataError(
            f"none of {adata.n_vars} genes passes the filter ({passing}): lower min_reads, min_tpm "
            f"or min_samples ({result['uns']['min_samples']}), or check var['biotype']"
        )
    slots.write(
        adata,
        "filter_genes",
        result,
        params={"label": name, **params, "subset": subset, "layer": counts.recorded},
        versions=() if large else r.versions("R"),
        key_added=key_added,
    )
    _report(result["uns"], subset=subset)
    if subset:
        slots.subset_genes(adata, slots.named(schema.var.filter_pass, key_added))
    return adata if copy else None


def _dropped_before(adata: AnnData, key_added: str | None) -> dict[str, Any]:
    """Return the record of a call that dropped genes, and warn that these cannot come back."""
    earlier: dict[str, Any] = slots.record(adata).get(key_added or "filter_genes", {})
    if not int(earlier.get("n_genes", 0)) > int(earlier.get("n_pass", 0)) == adata.n_vars:
        return {}
    warn(
        f"an earlier call of ts.pp.filter_genes dropped {earlier['n_genes'] - adata.n_vars:,} "
        f"of {earlier['n_genes']:,} genes, which are not in adata any more: to filter all "
        "genes with other settings, start from the AnnData as it was, and mark genes instead "
        "(subset=False)"
    )
    return earlier


#: Share of the detected genes below which most are lost: of bulk samples without biotypes, a
#: third to a half of the genes that have any read pass.
_FEW = 0.25


def _report(facts: dict[str, Any], *, subset: bool) -> None:
    """Log how many genes pass, and warn if most are lost: why, and what to do."""
    n_pass, n_genes, n_detected = (int(facts[key]) for key in ("n_pass", "n_genes", "n_detected"))
    min_reads, min_samples = float(facts["min_reads"]), int(facts["min_samples"])
    logger.info(
        "%s %s of %s genes: at least %g reads in more than %d samples%s",
        "kept" if subset else "marked",
        f"{n_pass:,}",
        f"{n_genes:,}",
        min_reads,
        min_samples,
        " (sparse counts)" if facts["sparse"] else "",
    )
    too_high = bool(facts["sparse"]) and min_reads > 1 and 2 * n_pass < n_detected
    if not too_high and n_pass >= _FEW * n_detected:
        return
    lost = f"{n_detected - n_pass:,} of {n_detected:,} detected genes do not pass the filter"
    if too_high:
        warn(
            f"{lost}: min_reads={min_reads:g} is meant for bulk samples, and these counts are "
            "sparse; pass min_reads=1"
        )
    else:
        warn(
            f"{lost}: few have {min_reads:g} reads in more than {min_samples} samples (95 % of "
            "the smallest class by default); pass a lower min_samples or min_reads, or exclude "
            "small classes"
        )


def _annotation(adata: AnnData) -> dict[str, Any]:
    """Return what is known about the genes; None for what is not."""
    layer, length, biotype = schema.layers.tpm, schema.var.length, schema.var.biotype
    return {
        "tpm": find(adata, layer),
        "gene_length": adata.var[length].to_numpy(float) if length in adata.var else None,
        "biotype": adata.var[biotype].astype(object) if biotype in adata.var else None,
    }
