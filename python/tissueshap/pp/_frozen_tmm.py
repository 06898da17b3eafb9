"""TMM with a frozen reference for samples that arrive one by one, without R.

The factors are edgeR's (``calcNormFactors``), which ``pp.tmm`` computes in R for a cohort;
tests/cross compares the two.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

#: edgeR's defaults: shares trimmed from each end of the M values and of the A values.
_TRIM_M, _TRIM_A = 0.3, 0.05
#: M values below this are equal except for rounding.
_EQUAL = 1e-6


def effective_sizes(counts: np.ndarray, reference: np.ndarray, scale: float) -> np.ndarray:
    """Return effective library sizes on the scale of a reference sample's cohort.

    If the samples lack genes of the reference, pass only those that both have, and multiply
    the result by the reference's total over its total of these genes.

    Parameters
    ----------
    counts
        Samples x genes.
    reference
        Counts of the reference sample, (genes,).
    scale
        Its own normalisation factor.

    Returns
    -------
    Library size times normalisation factor, (samples,).

    References
    ----------
    Robinson and Oshlack, Genome Biology 11:R25 (2010).
    """
    base = np.asarray(reference, dtype=np.float64)
    sizes = [row.sum() * _ratio(row, base) for row in np.asarray(counts, dtype=np.float64)]
    return np.array(sizes) * scale


def _ratio(sample: np.ndarray, reference: np.ndarray) -> float:
    """Return a sample's factor over the reference's, as ``edgeR:::.calcFactorTMM``."""
    size, base = sample.sum(), reference.sum()
    both = (sample > 0) & (reference > 0)
    own, other = sample[both], reference[both]
    if not own.size:
        return 1.0
    m = np.log2((own / size) / (other / base))
    if np.abs(m).max() < _EQUAL:
        return 1.0
    a = (np.log2(own / size) + np.log2(other / base)) / 2
    variance = (size - own) / size / own + (base - other) / base / other
    kept = _middle(m, _TRIM_M) & _middle(a, _TRIM_A)
    weight = 1 / variance[kept]
    if not weight.sum() > 0:
        return 1.0
    return float(2 ** (np.sum(m[kept] * weight) / weight.sum()))


def _middle(values: np.ndarray, trim: float) -> np.ndarray:
    low = np.floor(values.size * trim) + 1
    ranks = rankdata(values)
    return np.asarray((ranks >= low) & (ranks <= values.size + 1 - low))
