"""SMOTE for many classes, kept as what it mixes rather than what comes out.

A synthetic sample lies between a sample and one of its nearest neighbours of the same
class (Chawla et al., Journal of Artificial Intelligence Research 16:321, 2002), so the
two and the share of the second are all there is to keep.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tissueshap._install.feature import needed


class Mixes(NamedTuple):
    """Synthetic samples: ``(1 - mix) * sample + mix * neighbour``, one a row.

    Attributes
    ----------
    sample, neighbour
        Positions of rows.
    mix
        Share of the neighbour, 0 to 1.
    """

    sample: np.ndarray
    neighbour: np.ndarray
    mix: np.ndarray


#: Rows of one class, how many are wanted, k, seed: positions within the class.
Engine = Callable[[np.ndarray, "Wanted", int, int], Mixes]


class Wanted(NamedTuple):
    """How far a class is to be filled up.

    Attributes
    ----------
    n_others
        Samples of the larger classes, filled up, together.
    n_own
        Samples of this class.
    proportion
        Share of their difference to make.
    """

    n_others: int
    n_own: int
    proportion: float

    @property
    def n_new(self) -> int:
        """Samples to make, rounded down as smote-variants does."""
        return max(0, int((self.n_others - self.n_own) * self.proportion))


def smote(
    rows_of: Callable[[np.ndarray], np.ndarray],
    codes: np.ndarray,
    *,
    k_neighbors: int,
    engine: Engine,
    seed: int,
) -> Mixes:
    """Fill every class up to the size of the largest.

    This is smote-variants' ``MulticlassOversampling(oversampler="SMOTE")`` with its
    strategy ``eq_1_vs_many_successive``, draw for draw: the classes by falling size,
    each set against all those before it, filled up, with a proportion that would give
    the size of the largest class but for its rounding, so that a class may come out one
    short; and each class's draws from a generator of the same seed.

    Parameters
    ----------
    rows_of
        Gives the values of samples by their positions: float64, samples x genes.
    codes
        Class of each sample.
    k_neighbors
        Neighbours to choose from.
    engine
        :func:`by_numpy` or :func:`by_smote_variants`.
    seed
        Seed of each class's generator.
    """
    sizes = np.bincount(codes)
    largest = int(sizes.max())
    ordered = sorted(np.flatnonzero(sizes), key=lambda code: -sizes[code])
    made = [Mixes(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    n_others = largest
    for place, code in enumerate(ordered[1:], start=1):
        members = np.flatnonzero(codes == code)
        n_own = len(members)
        wanted = Wanted(n_others, n_own, proportion(place, largest, n_own))
        if wanted.n_new:
            new = engine(rows_of(members), wanted, k_neighbors, seed)
            made.append(Mixes(members[new.sample], members[new.neighbour], new.mix))
        n_others += n_own + wanted.n_new
    return Mixes(*(np.concatenate(parts) for parts in zip(*made, strict=True)))


def proportion(place: int, largest: int, n_own: int) -> float:
    """Return the share to make of a class, the ``place``-th after the largest.

    A class as large as the largest gets 0; there smote-variants divides by zero when
    it is the first.
    """
    return 0.0 if n_own == largest else (largest - n_own) / (place * largest - n_own)


def by_numpy(rows: np.ndarray, wanted: Wanted, k_neighbors: int, seed: int) -> Mixes:
    """Draw as smote-variants' SMOTE does."""
    from sklearn.neighbors import NearestNeighbors

    n_neighbors = min(len(rows), k_neighbors + 1)
    nearest = NearestNeighbors(n_neighbors=n_neighbors).fit(rows)
    # The first neighbour is taken to be the sample itself.
    found = nearest.kneighbors(rows, return_distance=False)[:, 1:]
    rng = np.random.RandomState(seed)
    chances = np.repeat(1.0 / found.size, found.size)
    edge = rng.choice(np.arange(found.size), wanted.n_new, p=chances / np.sum(chances))
    shares = rng.random_sample((wanted.n_new, 2))
    return Mixes(
        sample=edge // found.shape[1],
        neighbour=found.ravel()[edge].astype(np.int64),
        mix=shares[:, 1] / shares.sum(axis=1),
    )


def by_smote_variants(rows: np.ndarray, wanted: Wanted, k_neighbors: int, seed: int) -> Mixes:
    """Let smote-variants draw, on unit vectors, so that its samples are the shares."""
    engine = _recording(n_neighbors=k_neighbors, random_state=seed, proportion=wanted.proportion)
    engine.min_label, engine.maj_label = 1, 0
    engine.class_stats = {engine.min_label: wanted.n_own, engine.maj_label: wanted.n_others}
    with _quiet("smote_variants"):
        engine.sampling_algorithm(rows, np.ones(len(rows), dtype=np.int64))
    shares: np.ndarray = engine.shares
    top = np.argpartition(-shares, 1, axis=1)[:, :2]
    return Mixes(
        sample=top[:, 0],
        neighbour=top[:, 1],
        mix=np.take_along_axis(shares, top[:, 1:], axis=1)[:, 0],
    )


def _recording(**settings: Any) -> Any:
    """Return the library's SMOTE, made to keep the shares of what it mixes."""
    library: Any = needed("smote-variants", "smote_variants.SMOTE", "engine='smote_variants'")

    class Recording(library):  # type: ignore[misc]
        def sample_simplex(self, X: np.ndarray, **options: Any) -> np.ndarray:
            self.shares = super().sample_simplex(np.eye(len(X)), **options)
            return X[:0]

    return Recording(**settings)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Hold back a logger that prints every step, for now."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
