"""The genes that are expressed in enough samples, of counts that do not fit into memory.

The rules are those of R's ``core_filter_genes``; tests/cross compares the two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap._core.counts import Counts, check_counts
from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError
from tissueshap._core.scale import evenly

#: Samples that show whether counts are sparse.
_LOOK = 200


def expressed_in_blocks(
    counts: Counts,
    *,
    label: np.ndarray,
    tpm: Any | None,
    gene_length: np.ndarray | None,
    biotype: pd.Series | None,
    min_reads: float | None,
    min_tpm: float,
    min_samples: int | None,
    protein_coding: bool,
) -> dict[str, Any]:
    """Return what ``core_filter_genes`` returns.

    Parameters
    ----------
    counts
        Raw counts on disk.
    label
        The class of each sample.
    tpm, gene_length, biotype
        What is known about the genes; None for what is not.
    min_reads, min_tpm, min_samples, protein_coding
        As for ``pp.filter_genes``.
    """
    check_counts(counts)
    sparse = _are_sparse(counts.values)
    if min_reads is None:
        min_reads = 1 if sparse else 6
    n_samples, n_genes = counts.values.shape
    if min_samples is None:
        min_samples = int(0.95 * np.unique(label, return_counts=True)[1].min())
    if min_samples >= n_samples:
        raise DataError(
            f"min_samples is {min_samples}, but there are {n_samples} samples: no gene can pass"
        )
    rate = _rate(counts, tpm, gene_length)
    detected, reads, above = np.zeros((3, n_genes), dtype=np.int64)
    for _, block in blocks(counts.values):
        detected += (block >= 1).sum(axis=0)
        reads += (block >= min_reads).sum(axis=0)
        if rate is not None and tpm is None:
            scaled = block * rate
            above += (scaled > min_tpm * scaled.sum(axis=1, keepdims=True) / 1e6).sum(axis=0)
    if tpm is not None:
        above = sum((block > min_tpm).sum(axis=0) for _, block in blocks(tpm))
    coding = None
    if protein_coding and biotype is not None:
        coding = (biotype.astype(str) == "protein_coding").to_numpy()
    where = "given" if tpm is not None else "from counts and gene lengths"
    rules: dict[str, tuple[np.ndarray | None, str]] = {
        "protein_coding": (coding, _about_coding(biotype, protein_coding)),
        "reads": (reads > min_samples, f">= {min_reads:g} reads in > {min_samples} samples"),
        "tpm": (None, "no TPM and no gene lengths given")
        if rate is None
        else (above > min_samples, f"TPM ({where}) > {min_tpm:g} in > {min_samples} samples"),
    }
    applied = {name: mask for name, (mask, _) in rules.items() if mask is not None}
    passing = np.logical_and.reduce(list(applied.values()))
    others = [mask for name, mask in applied.items() if name != "reads"]
    rules["intersection"] = (passing, " and ".join(applied))
    return {
        "var": {schema.var.filter_pass: passing},
        "uns": {
            "min_reads": min_reads,
            "min_samples": min_samples,
            "sparse": sparse,
            "n_genes": n_genes,
            "n_detected": int(np.logical_and.reduce([detected > 0, *others]).sum()),
            "n_pass": int(passing.sum()),
            "rules": pd.DataFrame(
                {
                    "rule": list(rules),
                    "applied": [mask is not None for mask, _ in rules.values()],
                    "n_pass": [n_genes if m is None else int(m.sum()) for m, _ in rules.values()],
                    "note": [note for _, note in rules.values()],
                }
            ),
        },
    }


def _are_sparse(values: Any) -> bool:
    """Return whether most counts are 0, and most of the others 1 or 2, as of single cells."""
    some = dense(values[evenly(values.shape[0], _LOOK)])
    positive = int((some >= 1).sum())
    return bool(positive < some.size / 2 and (some >= 3).sum() < positive / 2)


def _rate(counts: Counts, tpm: Any | None, gene_length: np.ndarray | None) -> Any | None:
    """Return what a count is multiplied by for TPM: 1 / length, 0 if that is not known."""
    if gene_length is None:
        return None if tpm is None else 1.0
    if (gene_length <= 0).any():
        bad = list(map(str, counts.var_names[gene_length <= 0][:5]))
        raise DataError(f"gene_length must be positive; it is not for genes {bad}")
    return np.where(np.isnan(gene_length), 0.0, 1 / gene_length)


def _about_coding(biotype: pd.Series | None, wanted: bool) -> str:
    if not wanted:
        return "not asked for"
    return "no biotypes given" if biotype is None else "biotype is protein_coding"
