"""Keep the genes that are expressed in enough samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData

from tissueshap._bridge import r
from tissueshap._bridge.convert import Matrix
from tissueshap._bridge.counts import checked
from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.options import check_number


def filter_genes(
    adata: AnnData,
    label: str | None = None,
    *,
    min_reads: float = 6,
    min_tpm: float = 0.1,
    min_samples: int | None = None,
    protein_coding: bool = True,
    subset: bool = True,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Keep the genes that are expressed in enough samples.

    A gene is kept if it passes every rule that can be applied: it is protein coding,
    it has at least ``min_reads`` reads in more than ``min_samples`` samples, and its
    TPM is above ``min_tpm`` in more than ``min_samples`` samples. A rule whose data are
    missing is skipped, and the record says so. The R function ``core_filter_genes`` does
    the work; the rules are those of Yap et al., Scientific Reports 11:2641 (2021).

    Parameters
    ----------
    adata
        Samples x genes, with raw counts in ``X``. Reads ``var["biotype"]`` and
        ``layers["tpm"]``, or ``var["length"]`` (base pairs) to compute TPM from the counts.
    %(label)s
    min_reads
        Minimum number of reads of a gene in a sample.
    min_tpm
        Transcripts per million that a gene must exceed in a sample.
    min_samples
        A gene must reach both in more samples than this; by default 95 % of the smallest
        class, rounded down.
    protein_coding
        Require ``var["biotype"] == "protein_coding"`` if biotypes are known.
    subset
        Drop the genes that do not pass; False only marks them.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``var["filter_pass"]`` (bool) and
        ``uns["tissueshap"]["filter_genes"]``: ``min_samples``, and ``rules`` (``rule``,
        ``applied``, ``n_pass``, ``note``).

    Raises
    ------
    DataError
        If ``X`` does not hold counts, a sample has none, or no gene passes.

    Examples
    --------
    >>> adata = ts.datasets.simulate(90, 100, tissues=["Heart", "Liver", "Lung"])
    >>> ts.pp.filter_genes(adata)
    >>> adata.n_vars
    88
    """
    check_number("min_reads", min_reads, low=0)
    check_number("min_tpm", min_tpm, low=0)
    if min_samples is not None:
        check_number("min_samples", min_samples, low=0, integer=True)
    if subset and adata.isbacked and not copy:
        raise DataError(
            "genes of an AnnData that is backed on disk cannot be dropped in place: run "
            "adata = adata.to_memory() first, or pass subset=False or copy=True"
        )
    adata = target(adata, copy=copy)
    name = slots.label_name(adata, label)
    slots.begin(adata, "filter_genes", key_added=key_added)
    params = {
        "min_reads": min_reads,
        "min_tpm": min_tpm,
        "min_samples": min_samples,
        "protein_coding": protein_coding,
    }
    result = r.call(
        "core_filter_genes",
        counts=checked(adata),
        label=adata.obs[name].astype(str).to_numpy(),
        **_annotation(adata),
        **params,
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
        params={"label": name, **params, "subset": subset},
        versions=r.versions("R"),
        key_added=key_added,
    )
    if subset:
        slots.subset_genes(adata, slots.named(schema.var.filter_pass, key_added))
    return adata if copy else None


def _annotation(adata: AnnData) -> dict[str, Any]:
    """Return what is known about the genes; None for what is not."""
    layer, length, biotype = schema.layers.tpm, schema.var.length, schema.var.biotype
    return {
        "tpm": Matrix(adata.layers[layer]) if layer in adata.layers else None,
        "gene_length": adata.var[length].to_numpy(float) if length in adata.var else None,
        "biotype": adata.var[biotype].astype(object) if biotype in adata.var else None,
    }
