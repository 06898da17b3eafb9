"""The simulated samples and their counts."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
#: Scatter over genes of the biological dispersion around real profiles (natural logarithm):
#: so that quartiles of the dispersion are those of GTEx's own samples at every abundance.
_PROFILE_SCATTER = 1.0
#: Parameters of the beta distribution of RNA quality: 0.71 on average, as GTEx's RIN of 7.1.
_QUALITY = (5.0, 2.0)
#: Largest share of another tissue: the label would be wrong beyond.
_MOST_CONTAMINATED = 0.4
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
    depth = _library_sizes(n_genes * _DEPTH, n_samples, rng)
    mean = _DEPTH * np.exp2(log2, dtype=np.float64).mean(axis=0)
    dispersion = (bcv**2 + _EXCESS / mean) * rng.lognormal(0, _SCATTER, n_genes)
    shape = (1 / dispersion).astype(np.float32)
    effects = _donor_effects(samples, n_genes, rng)
    out = np.empty((n_samples, n_genes), dtype=np.int32)
    step = max(1, _BLOCK_VALUES // n_genes)
    for start in range(0, n_samples, step):
        rows = slice(start, start + step)
        level = _levels(log2, samples, rows)
        if samples.donor is not None:
            level += effects[samples.donor[rows]]
        _shared_out(np.exp2(level, out=level), depth[rows])
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


def _library_sizes(mean: float, n_samples: int, rng: np.random.Generator) -> np.ndarray:
    return mean * rng.lognormal(-(_DEPTH_SPREAD**2) / 2, _DEPTH_SPREAD, n_samples)


def _donor_effects(samples: Samples, n_genes: int, rng: np.random.Generator) -> np.ndarray:
    """Return log2 deviations, donors x genes, float32; no rows without donors."""
    effects = rng.standard_normal((samples.n_donors, n_genes), dtype=np.float32)
    effects *= np.float32(_DONOR_SPREAD)
    return effects


def _shared_out(level: np.ndarray, depth: np.ndarray) -> None:
    """Scale each sample's abundances, in place, to add up to its library size."""
    level *= (depth / level.sum(axis=1, dtype=np.float64)).astype(np.float32)[:, None]


def contaminated(
    samples: Samples, n_tissues: int, mean_share: float, rng: np.random.Generator
) -> Samples:
    """Give each sample a share, exponential around a mean, of another tissue.

    Parameters
    ----------
    samples
        As drawn, without partners.
    n_tissues
        Number of tissues.
    mean_share
        Mean share of the other tissue.
    rng
        Source of chance.
    """
    n_samples = len(samples.codes)
    partner = (samples.codes + rng.integers(1, n_tissues, n_samples)) % n_tissues
    share = np.minimum(rng.exponential(mean_share, n_samples), _MOST_CONTAMINATED)
    return replace(samples, partner=partner, share=share.astype(np.float32))


def draw_around(
    profiles: np.ndarray,
    samples: Samples,
    *,
    depth: float,
    bcv: float,
    degradation: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Draw negative binomial counts around mean profiles, block by block.

    Parameters
    ----------
    profiles
        Tissues x genes, float32: mean abundance, on a linear scale.
    samples
        Where the samples come from, with the share of another tissue.
    depth
        Mean library size.
    bcv
        Biological coefficient of variation of abundant genes.
    degradation
        Standard deviation over genes of what a wholly degraded sample loses (log2).
    rng
        Source of chance.

    Returns
    -------
    Samples x genes, int32, and each sample's RNA quality, from 0 to 1.
    """
    n_samples, n_genes = len(samples.codes), profiles.shape[1]
    library = _library_sizes(depth, n_samples, rng)
    scatter = rng.standard_normal(n_genes, dtype=np.float32)
    biological = np.float32(bcv**2) * np.exp(np.float32(_PROFILE_SCATTER) * scatter)
    quality = rng.beta(*_QUALITY, n_samples)
    # The profile is that of mean quality: better samples than that gain what worse ones lose.
    gain = np.asarray(quality - _QUALITY[0] / sum(_QUALITY), dtype=np.float32)
    fragility = np.float32(degradation) * rng.standard_normal(n_genes, dtype=np.float32)
    effects = _donor_effects(samples, n_genes, rng)
    out = np.empty((n_samples, n_genes), dtype=np.int32)
    step = max(1, _BLOCK_VALUES // n_genes)
    for start in range(0, n_samples, step):
        rows = slice(start, start + step)
        share = samples.share[rows, None]
        level = profiles[samples.codes[rows]] * (1 - share)
        level += profiles[samples.partner[rows]] * share
        change = gain[rows, None] * fragility
        if samples.donor is not None:
            change += effects[samples.donor[rows]]
        level *= np.exp2(change, out=change)
        _shared_out(level, library[rows])
        # Shape times scale is the mean, and 1 / shape the dispersion at a sample's own level,
        # biological + excess / level, without dividing by a level of 0.
        scale = biological * level + np.float32(_EXCESS)
        level /= scale
        out[rows] = rng.poisson(rng.standard_gamma(level, dtype=np.float32) * scale)
    return out, quality
