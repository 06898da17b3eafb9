"""The place of each gene on the image that a convolutional network reads.

The order of genes in a table is arbitrary, so convolutions over it mix unrelated genes.
Sharma et al. (DeepInsight, Scientific Reports 9:11399, 2019) place genes by similarity
instead. Here each gene has its own cell, and no gene is averaged with others or lost. Genes
are similar if their values correlate over the training samples.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from tissueshap._core.embedding import embed
from tissueshap._core.options import check_choice
from tissueshap.model._path import square_path

Layout = Literal["input", "permuted", "clustered", "umap"]
LAYOUTS: tuple[Layout, ...] = ("input", "permuted", "clustered", "umap")

#: Maximum number of samples for the similarity of two genes: a correlation over so many has a
#: standard error of 0.03 at most, and more would only take memory.
MAX_SAMPLES = 1000
#: Principal components of the samples that UMAP uses; more are not needed for neighbourhoods.
_N_PCS = 50


def image_side(n_genes: int) -> int:
    """Return the side of the smallest square that holds so many genes."""
    side = math.isqrt(n_genes)
    return side if side * side == n_genes else side + 1


def cells(x: np.ndarray, layout: Layout, *, seed: int = 42) -> np.ndarray:
    """Return each gene's cell of the image, row * side + column.

    Parameters
    ----------
    x
        Training samples x genes, log2 expression; a thousand samples are enough.
    layout
        ``"input"``: row by row in the order of the columns, as Yap et al. 2021.
        ``"permuted"``: the same in a random order. ``"clustered"``: along a path that fills
        the square and stays local (Hilbert's, for any side), in the order of the leaves of
        an average-linkage clustering by correlation. ``"umap"``: a 2-D UMAP of the genes,
        moved to the grid by dividing it at medians, across and down in turn.
    seed
        Seed of the permutation and of UMAP.

    Raises
    ------
    DataError
        The layout is unknown.
    """
    check_choice("layout", layout, LAYOUTS)
    n_genes = x.shape[1]
    if layout == "input":
        return np.arange(n_genes)
    if layout == "permuted":
        return np.random.default_rng([seed, 2]).permutation(n_genes)
    if layout == "clustered":
        places = np.empty(n_genes, dtype=np.int64)
        places[leaves(_profiles(x))] = square_path(image_side(n_genes))[:n_genes]
        return places
    return on_grid(_embedded(_profiles(x), seed), image_side(n_genes))


def leaves(profiles: np.ndarray) -> np.ndarray:
    """Return the genes in the order of the leaves of an average-linkage clustering.

    Of the four ways to join two branches, the one is chosen that puts the most similar genes
    next to each other (Gruvaeus and Wainer, British Journal of Mathematical and Statistical
    Psychology 25:200, 1972).

    Parameters
    ----------
    profiles
        Genes x samples, each row of mean 0 and length 1, or 0.
    """
    from scipy.cluster.hierarchy import linkage

    n = len(profiles)
    joined = linkage(_distances(profiles), "average")[:, :2].astype(np.int64)
    branches: dict[int, np.ndarray] = {gene: np.array([gene]) for gene in range(n)}
    for number, (one, other) in enumerate(joined):
        first, second = branches.pop(one), branches.pop(other)
        ends = profiles[first[[0, -1]]] @ profiles[second[[0, -1]]].T
        near_first, near_second = np.unravel_index(ends.argmax(), (2, 2))
        branches[n + number] = np.concatenate(
            [first[:: 1 if near_first else -1], second[:: -1 if near_second else 1]]
        )
    return branches[n + len(joined) - 1]


def on_grid(points: np.ndarray, side: int) -> np.ndarray:
    """Return a different cell of a square for each point, with neighbours close together.

    The square is halved repeatedly, across its longer side, and the points are divided with
    it, in proportion, by their order along that axis.

    Parameters
    ----------
    points
        n x 2, at most ``side**2`` of them.
    side
        Height and width of the square.
    """
    cells_of_points = np.empty(len(points), dtype=np.int64)
    parts = [(np.arange(len(points)), 0, 0, side, side)]
    while parts:
        members, top, left, height, width = parts.pop()
        if members.size == 0:
            continue
        if height * width == 1:
            cells_of_points[members] = top * side + left
            continue
        across = width >= height
        ordered = members[np.argsort(points[members, 1 if across else 0], kind="stable")]
        first = (width if across else height) // 2
        size, rest = (
            (first * height, (width - first) * height)
            if across
            else (first * width, (height - first) * width)
        )
        share = round(members.size * size / (size + rest))
        number = min(max(share, members.size - rest), size)
        one, other = ordered[:number], ordered[number:]
        if across:
            parts += [(one, top, left, height, first)]
            parts += [(other, top, left + first, height, width - first)]
        else:
            parts += [(one, top, left, first, width)]
            parts += [(other, top + first, left, height - first, width)]
    return cells_of_points


def _profiles(x: np.ndarray) -> np.ndarray:
    """Return genes x samples, each gene of mean 0 and length 1; 0 for one that never varies."""
    centred = np.ascontiguousarray(x.T, dtype=np.float32)
    centred -= centred.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    # What remains of a constant in float32 is rounding, not a profile.
    constant = length <= 1e-5 * np.sqrt(x.shape[0])
    centred /= np.where(constant, 1.0, length)
    centred[constant[:, 0]] = 0.0
    return centred


def _distances(profiles: np.ndarray) -> np.ndarray:
    """Return 1 - correlation of all pairs, in the order of SciPy's ``pdist``.

    Row by row: the square matrix of 19,000 genes would take another 1.4 GB.
    """
    n = len(profiles)
    distances = np.empty(n * (n - 1) // 2)
    start = 0
    for gene in range(n - 1):
        stop = start + n - 1 - gene
        np.subtract(1.0, profiles[gene + 1 :] @ profiles[gene], out=distances[start:stop])
        start = stop
    return np.maximum(distances, 0.0, out=distances)


def _embedded(profiles: np.ndarray, seed: int) -> np.ndarray:
    """Return the genes' places on a plane, n x 2."""
    n_pcs = min(_N_PCS, *profiles.shape) if min(profiles.shape) > _N_PCS else None
    n_neighbors = min(15, len(profiles) - 1)
    return embed(profiles, n_pcs=n_pcs, n_neighbors=n_neighbors, seed=seed)
