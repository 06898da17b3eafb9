"""Knockoffs: copies of the genes that know nothing of the classes, by which to count errors."""

from __future__ import annotations

import numpy as np

from tissueshap._core.errors import DataError

#: Least share of a gene's variance that is its own: a knockoff must differ from its gene.
_LEAST_UNIQUE = 0.02
#: Most factors that are estimated, also as a share of the samples or genes (the fewer).
_MAX_FACTORS, _MAX_SHARE = 60, 0.25
#: Samples below which no covariance is estimated.
LEAST_SAMPLES = 8


class Knockoffs:
    r"""Knockoffs of samples x genes, by a Gaussian factor model of the genes' ranks.

    Swapping any genes with their knockoffs leaves the joint distribution as it is, and the
    knockoffs depend on the classes through the genes alone (Candès, Fan, Janson and Lv, JRSS B
    80:551, 2018). Each gene's ranks are turned into normal scores :math:`z`, whose correlation
    matrix is that of a factor model,

    .. math:: \Sigma = L L^\top + D.

    Given the factors, genes are independent. So knockoffs are :math:`\tilde z = L f + \tilde e`
    with factors :math:`f` drawn given :math:`z`, and new :math:`\tilde e \sim N(0, D)` (Fan, Lv,
    Sharifvaghefi and Uematsu, JASA 115:1822, 2020). This is the Gaussian construction with
    :math:`S = D`, in time proportional to samples x genes x factors, without a matrix of genes
    x genes. Scores are turned into values of the gene by rank.

    :math:`L` has the first eigenvectors of the correlation matrix. The eigenvalues are reduced by
    the level of those of noise (Wang and Fan, Annals of Statistics 45:1342, 2017), and their
    number is that of the criterion :math:`IC_{p2}` (Bai and Ng, Econometrica 70:191, 2002).

    Parameters
    ----------
    x
        Samples x genes.
    n_factors
        Number of factors; None estimates it.
    seed
        Seed of the order of equal values, and of the draws.

    Attributes
    ----------
    loadings, unique
        :math:`L`, genes x factors, and the diagonal of :math:`D`.

    Examples
    --------
    >>> x = np.asarray(adata.layers["log2"])
    >>> ts.trust.Knockoffs(x).draw(1).shape == x.shape
    True
    """

    def __init__(self, x: np.ndarray, *, n_factors: int | None = None, seed: int = 42) -> None:
        if len(x) < LEAST_SAMPLES:
            raise DataError(f"knockoffs need {LEAST_SAMPLES} samples or more, not {len(x)}")
        self._seed = seed
        self._ordered = np.sort(x, axis=0)
        self._scores = normal_scores(x, np.random.default_rng([seed, 8]))
        self.loadings, self.unique = factor_model(self._scores, n_factors)

    def draw(self, number: int) -> np.ndarray:
        """Return the knockoffs of all samples; each number gives others."""
        rng = np.random.default_rng([self._seed, 9, number])
        scores = knockoff_scores(self._scores, self.loadings, self.unique, rng)
        drawn = np.empty_like(self._ordered)
        np.put_along_axis(drawn, np.argsort(scores, axis=0), self._ordered, axis=0)
        return drawn


def normal_scores(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return each gene's ranks as quantiles of the normal distribution, of variance 1.

    Equal values, such as zeros, are put in random order.
    """
    from scipy.special import ndtri

    n = len(x)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    scores = np.empty(x.shape, dtype=np.float32)
    for gene in range(x.shape[1]):
        order = np.lexsort((rng.random(n), x[:, gene]))
        scores[order, gene] = quantiles / quantiles.std()
    return scores


def factor_model(z: np.ndarray, n_factors: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings (genes x factors) and own variances of genes with mean 0, variance 1."""
    n, p = z.shape
    most = max(1, min(_MAX_FACTORS, int(_MAX_SHARE * min(n, p))))
    wide = p > n
    gram = (z @ z.T if wide else z.T @ z).astype(np.float64) / n
    eigenvalues, vectors = np.linalg.eigh(gram)
    eigenvalues, vectors = np.maximum(eigenvalues[::-1], 0), vectors[:, ::-1]
    k = _number_of_factors(eigenvalues, n, p, most) if n_factors is None else n_factors
    noise = eigenvalues[k:].sum() / (min(n, p) - k)
    kept = np.maximum(eigenvalues[:k] - noise, 0)
    axes = z.T @ vectors[:, :k] / np.sqrt(n * eigenvalues[:k]) if wide else vectors[:, :k]
    loadings = axes * np.sqrt(kept)
    shared = np.square(loadings).sum(axis=1)
    limit = np.minimum(1, (1 - _LEAST_UNIQUE) / np.maximum(shared, 1e-12))
    return loadings * np.sqrt(limit)[:, None], 1 - shared * limit


def _number_of_factors(eigenvalues: np.ndarray, n: int, p: int, most: int) -> int:
    """Return the number of factors with the least criterion, at least one."""
    numbers = np.arange(1, most + 1)
    unexplained = (eigenvalues.sum() - np.cumsum(eigenvalues)[:most]) / p
    penalty = numbers * (n + p) / (n * p) * np.log(min(n, p))
    return int(numbers[np.argmin(np.log(np.maximum(unexplained, 1e-12)) + penalty)])


def knockoff_scores(
    z: np.ndarray, loadings: np.ndarray, unique: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return knockoffs of scores: factors given the scores, and new noise.

    Parameters
    ----------
    z
        Samples x genes.
    loadings, unique
        As :func:`factor_model` returns them.
    rng
        Of the draws.
    """
    scaled = loadings / unique[:, None]
    precision = np.eye(loadings.shape[1]) + loadings.T @ scaled
    covariance = np.linalg.inv(precision)
    mean = z @ (scaled @ covariance)
    root = np.linalg.cholesky(covariance)
    factors = mean + rng.standard_normal(mean.shape) @ root.T
    noise = rng.standard_normal(z.shape, dtype=np.float32) * np.sqrt(unique)
    return np.asarray(factors @ loadings.T + noise)
