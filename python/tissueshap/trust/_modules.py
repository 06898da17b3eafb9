"""Genes that go together, and the sums of their values.

Genes that rise and fall together carry the same information, so a network may credit any of
them: which gene has the value is an accident of the training, while their sum is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

#: Mean correlation of the genes of a module, at least.
LEAST_CORRELATION = 0.7
#: Genes that are clustered with each gene of high rank: those closest to it.
_NEIGHBOURS = 20
#: Rows of the matrix of correlations that are computed at once.
_BLOCK = 256
#: A correlation counts if chance exceeds it for less than this share of all pairs.
_LEVEL = 0.05


@dataclass(frozen=True)
class Modules:
    """Sets of genes, which may overlap.

    Attributes
    ----------
    members
        Genes x modules, 1 where a gene belongs to a module.
    names
        One per module.

    Examples
    --------
    >>> modules = ts.trust.modules_of([["A", "B"], ["B"]], ["A", "B"], names=["both", "second"])
    >>> modules.sums(np.array([[1.0, 10.0]]))
    array([[11., 10.]])
    """

    members: sparse.csr_array
    names: list[str]

    @property
    def sizes(self) -> np.ndarray:
        """Number of genes of each module."""
        return np.asarray(self.members.sum(axis=0)).astype(np.int64)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Return the sum of each module's genes, samples x modules.

        Parameters
        ----------
        values
            Samples x genes.
        """
        return np.asarray(np.asarray(values, dtype=np.float64) @ self.members)

    def genes(self, number: int) -> np.ndarray:
        """Return the positions of the genes of a module."""
        return np.flatnonzero(self.members[:, [number]].toarray()[:, 0])


def modules_of(
    sets: Sequence[Sequence[str]], genes: Sequence[str], *, names: Sequence[str]
) -> Modules:
    """Return sets of named genes as modules; genes that are not there are left out.

    Parameters
    ----------
    sets
        Genes of each module.
    genes
        Names of all genes, in the order of the values.
    names
        Names of the modules.

    Examples
    --------
    >>> ts.trust.modules_of([["A", "X"]], ["A", "B"], names=["first"]).sizes
    array([1])
    """
    places: dict[str, list[int]] = {}
    for place, gene in enumerate(genes):
        places.setdefault(str(gene), []).append(place)
    pairs = {
        (place, number)
        for number, own in enumerate(sets)
        for gene in own
        for place in places.get(str(gene), ())
    }
    rows, columns = np.asarray(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
    return Modules(_members(rows, columns, (len(genes), len(sets))), list(names))


def co_expressed(
    x: np.ndarray,
    codes: np.ndarray,
    seeds: np.ndarray,
    *,
    least: float = LEAST_CORRELATION,
) -> tuple[np.ndarray, float]:
    """Group genes that vary together within the classes.

    The correlation is that of the values less their class's mean, so that two genes of one
    class are not alike because both mark it. Genes of high rank and the 20 closest to each are
    clustered by average linkage of 1 - r (scipy), and the tree is cut where the mean correlation
    of two groups falls below `least`. Each other gene is a module by itself.

    With few samples any two of many genes are correlated by chance. The tree is cut no lower
    than the correlation that one of all pairs of genes exceeds in one of 20 data sets of
    independent genes (Student's t, Bonferroni).

    Parameters
    ----------
    x, codes
        Samples, n x genes, and their classes.
    seeds
        Which genes are of high rank, (genes,).
    least
        Mean correlation of the genes of a module, at least.

    Returns
    -------
    The module of each gene as a number, in the order of the first genes, and the correlation
    at which the tree was cut.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> shared = rng.normal(size=(40, 1))
    >>> x = np.hstack([shared + 0.1 * rng.normal(size=(40, 2)), rng.normal(size=(40, 1))])
    >>> codes = np.repeat([0, 1], 20)
    >>> ts.trust.co_expressed(x, codes, np.ones(3, dtype=bool))[0]
    array([0, 0, 1])
    """
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    residuals, n_free = _residuals(x, codes)
    labels = np.arange(residuals.shape[1])
    cut = max(least, _by_chance(n_free, labels.size))
    chosen = _with_neighbours(residuals, np.flatnonzero(seeds), cut)
    if chosen.size > 1:
        # A gene without any variation is at a distance of 1 from all others.
        distances = 1 - (residuals[:, chosen].T @ residuals[:, chosen]).astype(np.float64)
        np.fill_diagonal(distances, 0.0)
        tree = linkage(squareform(np.clip(distances, 0, 2), checks=False), "average")
        groups = fcluster(tree, 1 - cut, "distance")
        # A group has the number of its first gene, which no other group can have.
        _, first, member = np.unique(groups, return_index=True, return_inverse=True)
        labels[chosen] = chosen[first[member]]
    return np.asarray(np.unique(labels, return_inverse=True)[1]), cut


def partition(labels: np.ndarray, names: Sequence[str]) -> Modules:
    """Return modules that each gene belongs to one of.

    Parameters
    ----------
    labels
        The module of each gene, as a number from 0.
    names
        Names of the modules.
    """
    shape = (labels.size, len(names))
    return Modules(_members(np.arange(labels.size), labels, shape), list(names))


def above_chance(scores: np.ndarray, modules: Modules) -> np.ndarray:
    """Return how far each module's sum is from that of as many random genes, in standard errors.

    ``z = (S - m mu) / (sigma sqrt(m (N - m) / (N - 1)))`` for m of N genes with the mean mu and
    the standard deviation sigma (Kim and Volsky, BMC Bioinformatics 6:144, 2005, with the
    correction for a finite population). It puts sets of different sizes on one scale. Genes of a
    set are not independent, so the values are not those of a test.

    Parameters
    ----------
    scores
        Values of the genes, genes x classes.
    modules
        The modules.

    Returns
    -------
    Modules x classes; NaN for a set of no or all genes, or if all genes have one value.
    """
    sizes = modules.sizes.astype(np.float64)[:, None]
    n_genes = len(scores)
    sums = modules.members.T @ scores - sizes * scores.mean(axis=0)
    reach = np.sqrt(sizes * (n_genes - sizes) / max(1, n_genes - 1)) * scores.std(axis=0)
    return np.asarray(np.divide(sums, reach, out=np.full_like(sums, np.nan), where=reach > 0))


def cohesion(x: np.ndarray, codes: np.ndarray, modules: Modules) -> np.ndarray:
    """Return the mean correlation within the classes of each module's pairs of genes.

    Parameters
    ----------
    x, codes
        Samples, n x genes, and their classes.
    modules
        The modules.

    Returns
    -------
    One value per module, NaN for one gene.
    """
    residuals, _ = _residuals(x, codes)
    sizes = modules.sizes.astype(np.float64)
    # The square of a sum of unit vectors is the sum of all their correlations.
    sums = np.square(residuals @ modules.members).sum(axis=0, dtype=np.float64)
    own = np.square(residuals).sum(axis=0, dtype=np.float64) @ modules.members
    blank = np.full(sizes.shape, np.nan)
    return np.asarray(np.divide(sums - own, sizes * (sizes - 1), out=blank, where=sizes > 1))


def _members(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(rows.size), (rows, columns)), shape=shape)


def _residuals(x: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, int]:
    """Return unit vectors of the values less their class's means, and degrees of freedom."""
    residuals = np.array(x, dtype=np.float32)
    known = np.unique(codes)
    for code in known:
        own = codes == code
        residuals[own] -= residuals[own].mean(axis=0, dtype=np.float64).astype(np.float32)
    size = np.sqrt(np.square(residuals).sum(axis=0, dtype=np.float64))
    varies = size > 1e-4 * np.sqrt(len(codes))
    residuals /= np.where(varies, size, 1.0).astype(np.float32)
    residuals[:, ~varies] = 0.0
    return residuals, len(codes) - known.size


def _by_chance(n_free: int, n_genes: int) -> float:
    """Return the correlation that chance gives to no pair of genes in 19 of 20 data sets."""
    from scipy.stats import t

    if n_free < 2:
        return 1.0
    n_pairs = max(1, n_genes * (n_genes - 1) // 2)
    quantile = float(t.isf(_LEVEL / n_pairs, n_free - 1))
    return quantile / float(np.sqrt(n_free - 1 + quantile**2))


def _with_neighbours(residuals: np.ndarray, seeds: np.ndarray, least: float) -> np.ndarray:
    """Return the seeds and the genes that are closest to each of them, sorted."""
    chosen = [seeds]
    most = min(_NEIGHBOURS, residuals.shape[1] - 1)
    if most < 1:
        return seeds
    for start in range(0, seeds.size, _BLOCK):
        block = seeds[start : start + _BLOCK]
        correlation = residuals[:, block].T @ residuals
        correlation[np.arange(block.size), block] = -1.0
        closest = np.argpartition(-correlation, most - 1, axis=1)[:, :most]
        near = np.take_along_axis(correlation, closest, axis=1) >= least
        chosen.append(closest[near])
    return np.unique(np.concatenate(chosen))
