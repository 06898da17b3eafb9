"""The simulated biology: what each tissue expresses, and which genes mark it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from tissueshap._core.errors import DataError

#: Ranges of planted log2 fold changes.
LOG2FC = {"exclusive": (4.5, 7.0), "shared": (4.5, 6.5), "subtle": (1.0, 3.5)}
#: Ranges of a marker's abundance where it is not raised, times the mean of all genes.
_ABUNDANCE = {"exclusive": (0.01, 0.04), "shared": (0.01, 0.04), "subtle": (0.1, 0.5)}
#: Spread of the genes' abundance (natural logarithm), as in bulk RNA-seq.
_SPREAD = 1.8
#: Spread over tissues of a gene's log2 expression: between organs, and within one.
_BETWEEN, _WITHIN = 0.7, 0.2


@dataclass(frozen=True)
class Programme:
    """What tissues express.

    Attributes
    ----------
    log2
        Tissues x genes, float32: log2 of the abundance, the mean gene at 0.
    truth
        The planted markers: ``gene`` (position), ``class`` (position), ``kind``,
        ``log2fc``; a row for each gene and class.
    """

    log2: np.ndarray
    truth: pd.DataFrame


def programme(
    relatives: np.ndarray,
    n_genes: int,
    n_markers: dict[str, int],
    rng: np.random.Generator,
) -> Programme:
    """Draw the programme of tissues and plant markers in it.

    Related tissues share what makes their organ differ from others, and differ among
    themselves by a fraction of that. A marker has one level in all other tissues.

    Parameters
    ----------
    relatives
        Each tissue's organ.
    n_genes
        Number of genes.
    n_markers
        Genes by kind, for each tissue: exclusive, shared, subtle.
    rng
        Source of chance.
    """
    n_tissues = len(relatives)
    needed = n_tissues * sum(n_markers.values())
    if needed > n_genes:
        raise DataError(
            f"n_genes={n_genes:,} is too few for {n_tissues} tissues with "
            f"{sum(n_markers.values())} markers each: ask for {needed:,} or more genes, or for "
            "a smaller n_exclusive, n_shared or n_subtle"
        )
    organs, organ = np.unique(relatives, return_inverse=True)
    base = rng.normal(-(_SPREAD**2) / 2, _SPREAD, n_genes) / np.log(2)
    log2 = rng.normal(0, _BETWEEN, (len(organs), n_genes))[organ]
    log2 += rng.normal(0, _WITHIN, (n_tissues, n_genes))
    log2 += base
    pool = iter(rng.permutation(n_genes)[:needed])
    rows: list[tuple[int, int, str, float]] = []
    for kind, number in n_markers.items():
        for tissue in range(n_tissues):
            for _ in range(number):
                gene = int(next(pool))
                raised = _partners(tissue, organ, rng) if kind == "shared" else np.array([tissue])
                change = rng.uniform(*LOG2FC[kind])
                log2[:, gene] = np.log2(rng.uniform(*_ABUNDANCE[kind]))
                log2[raised, gene] += change
                rows += [(gene, int(one), kind, change) for one in raised]
    truth = pd.DataFrame(rows, columns=["gene", "class", "kind", "log2fc"])
    types = {"gene": np.int64, "class": np.int64, "kind": str, "log2fc": np.float64}
    return Programme(log2.astype(np.float32), truth.astype(types))


def _partners(tissue: int, organ: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a tissue and those that share its marker: relatives, or any one or two others."""
    related = np.flatnonzero(organ == organ[tissue])
    if len(related) > 1 and rng.random() < 0.5:
        return related
    others = np.delete(np.arange(len(organ)), tissue)
    number = min(int(rng.integers(1, 3)), len(others))
    return np.sort(np.append(rng.choice(others, number, replace=False), tissue))
