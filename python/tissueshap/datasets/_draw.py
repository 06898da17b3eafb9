"""The simulated samples and their counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Values drawn at once; besides the counts only a few float32 arrays of this size are held.
_BLOCK_VALUES = 1 << 21
#: Tissues that a GTEx donor contributes, on average: 16,651 samples of 948 donors.
_SAMPLES_PER_DONOR = 17.6
#: Spread of a donor's genes (log2).
_DONOR_SPREAD = 0.25
#: Mean count a gene, and spread of library sizes (natural logarithm).
_DEPTH, _DEPTH_SPREAD = 1_000.0, 0.35
#: Excess dispersion of a gene with a mean count of 1, which falls as 1 / mean, and its
#: scatter over genes (natural logarithm).
_EXCESS, _SCATTER = 2.0, 0.25
#: What a relative has of a sample that lies between two tissues.
_SHARE = (0.3, 0.7)


@dataclass(frozen=True)
class Samples:
    """Where samples come from, each an array with a value a sample.

    Attributes
    ----------
    codes
        Tissue.
    partner, share
        A relative of the tissue, and its share in the sample, mostly 0.
    donor
        Donor, or None.
    n_donors
        Number of donors that were drawn from.
    """

    codes: np.ndarray
    partner: np.ndarray
    share: np.ndarray
    donor: np.ndarray | None
    n_donors: int


def draw_samples(
    sizes: np.ndarray,
    relatives: np.ndarray,
    *,
    donors: bool,
    ambiguous: float,
    rng: np.random.Generator,
) -> Samples:
    """Draw the samples of tissues of given sizes, in random order.

    A donor gives a tissue once; there are as many tissues a donor as in GTEx, unless
    the largest tissue needs more donors.
    """
    n_samples = int(sizes.sum())
    n_donors = max(int(sizes.max()), round(n_samples / _SAMPLES_PER_DONOR)) if donors else 0
    order = rng.permutation(n_samples)
    codes = np.repeat(np.arange(len(sizes)), sizes)[order]
    donor = None
    if donors:
        picked = [rng.choice(n_donors, size=size, replace=False) for size in sizes]
        donor = np.concatenate(picked)[order]
    partner = codes.copy()
    share = np.zeros(n_samples, dtype=np.float32)
    for tissue, organ in enumerate(relatives):
        others = np.flatnonzero((relatives == organ) & (np.arange(len(relatives)) != tissue))
        mixed = np.flatnonzero((codes == tissue) & (rng.random(n_samples) < ambiguous))
        if len(others):
            partner[mixed] = rng.choice(others, len(mixed))
            share[mixed] = rng.uniform(*_SHARE, len(mixed))
    return Samples(codes, partner, share, donor, n_donors)


def draw_counts(
    log2: np.ndarray, samples: Samples, bcv: float, rng: np.random.Generator
) -> np.ndarray:
    """Draw negative binomial counts as Poisson counts of gamma rates, block by block.

    Parameters
    ----------
    log2
        Tissues x genes, float32: log2 of the abundance.
    samples
        Where the samples come from.
    bcv
        Biological coefficient of variation of abundant genes.
    rng
        Source of chance.

    Returns
    -------
    Samples x genes, int32.
    """
    n_samples, n_genes = len(samples.codes), log2.shape[1]
    depth = n_genes * _DEPTH * rng.lognormal(-(_DEPTH_SPREAD**2) / 2, _DEPTH_SPREAD, n_samples)
    mean = _DEPTH * np.exp2(log2, dtype=np.float64).mean(axis=0)
    dispersion = (bcv**2 + _EXCESS / mean) * rng.lognormal(0, _SCATTER, n_genes)
    shape = (1 / dispersion).astype(np.float32)
    effects = rng.standard_normal((samples.n_donors, n_genes), dtype=np.float32)
    effects *= np.float32(_DONOR_SPREAD)
    out = np.empty((n_samples, n_genes), dtype=np.int32)
    step = max(1, _BLOCK_VALUES // n_genes)
    for start in range(0, n_samples, step):
        rows = slice(start, start + step)
        level = _levels(log2, samples, rows)
        if samples.donor is not None:
            level += effects[samples.donor[rows]]
        np.exp2(level, out=level)
        level *= (depth[rows] / level.sum(axis=1, dtype=np.float64)).astype(np.float32)[:, None]
        level *= rng.standard_gamma(shape, size=level.shape, dtype=np.float32)
        level /= shape
        out[rows] = rng.poisson(level)
    return out


def _levels(log2: np.ndarray, samples: Samples, rows: slice) -> np.ndarray:
    """Return log2 abundance of some samples, those between two tissues in between."""
    level: np.ndarray = log2[samples.codes[rows]]
    mixed = np.flatnonzero(samples.share[rows])
    partner = log2[samples.partner[rows][mixed]]
    level[mixed] += samples.share[rows][mixed, None] * (partner - level[mixed])
    return level
