"""SMOTE for many classes, stored as what is mixed rather than as the mixtures.

A synthetic sample is a mixture of a sample and one of its nearest neighbours of the same
class (Chawla et al., Journal of Artificial Intelligence Research 16:321, 2002), so the
two and the share of the second describe it completely.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from tissueshap._install.feature import needed


class Mixes(NamedTuple):
    """Synthetic samples: ``(1 - mix) * sample + mix * neighbour``, one per row.

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


#: From the rows of one class, the number wanted, k and a seed to positions within the class.
Engine = Callable[[np.ndarray, "Wanted", int, int], Mixes]


class Wanted(NamedTuple):
    """How many samples to add to a class.

    Attributes
    ----------
    n_others
        Total samples of the larger classes, those added included.
    n_own
        Samples of this class.
    proportion
        Share of the difference to add.
    """

    n_others: int
    n_own: int
    proportion: float

    @property
    def n_new(self) -> int:
        """Samples to add, rounded down as smote-variants does."""
        return max(0, int((self.n_others - self.n_own) * self.proportion))


def smote(
    rows_of: Callable[[np.ndarray], np.ndarray],
    codes: np.ndarray,
    *,
    k_neighbors: int,
    engine: Engine,
    seed: int,
) -> Mixes:
    """Add samples to every class until it is as large as the largest.

    This repeats smote-variants' ``MulticlassOversampling(oversampler="SMOTE")`` with its
    strategy ``eq_1_vs_many_successive`` draw for draw. Classes are taken by decreasing
    size, and each is compared with all those before it, with their added samples. The
    proportion would give exactly the size of the largest class, but it is rounded down, so
    a class may end up one sample short. Each class draws from a generator with the same
    seed.

    Parameters
    ----------
    rows_of
        Returns the values of samples by their positions: float64, samples x genes.
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
    mixes = [Mixes(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
    n_others = largest
    for place, code in enumerate(ordered[1:], start=1):
        members = np.flatnonzero(codes == code)
        n_own = len(members)
        wanted = Wanted(n_others, n_own, proportion(place, largest, n_own))
        if wanted.n_new:
            new = engine(rows_of(members), wanted, k_neighbors, seed)
            mixes.append(Mixes(members[new.sample], members[new.neighbour], new.mix))
        n_others += n_own + wanted.n_new
    return Mixes(*(np.concatenate(parts) for parts in zip(*mixes, strict=True)))


def proportion(place: int, largest: int, n_own: int) -> float:
    """Return the share to add to a class, the ``place``-th after the largest.

    A class as large as the largest gets 0; smote-variants divides by zero if this is the
    first class after it.
    """
    return 0.0 if n_own == largest else (largest - n_own) / (place * largest - n_own)


def by_numpy(rows: np.ndarray, wanted: Wanted, k_neighbors: int, seed: int) -> Mixes:
    """Draw as smote-variants' SMOTE does."""
    from sklearn.neighbors import NearestNeighbors

    n_neighbors = min(len(rows), k_neighbors + 1)
    nearest = NearestNeighbors(n_neighbors=n_neighbors).fit(rows)
    # The first neighbour is assumed to be the sample itself.
    neighbours = nearest.kneighbors(rows, return_distance=False)[:, 1:]
    rng = np.random.RandomState(seed)
    chances = np.repeat(1.0 / neighbours.size, neighbours.size)
    edge = rng.choice(np.arange(neighbours.size), wanted.n_new, p=chances / np.sum(chances))
    shares = rng.random_sample((wanted.n_new, 2))
    return Mixes(
        sample=edge // neighbours.shape[1],
        neighbour=neighbours.ravel()[edge].astype(np.int64),
        mix=shares[:, 1] / shares.sum(axis=1),
    )


def by_smote_variants(rows: np.ndarray, wanted: Wanted, k_neighbors: int, seed: int) -> Mixes:
    """Let smote-variants draw on unit vectors, so that its samples are the shares."""
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
    """Return the library's SMOTE, changed to store the shares of what it mixes."""
    library: Any = needed("smote-variants", "smote_variants.SMOTE", "engine='smote_variants'")

    class Recording(library):  # type: ignore[misc]
        def sample_simplex(self, X: np.ndarray, **options: Any) -> np.ndarray:
            self.shares = super().sample_simplex(np.eye(len(X)), **options)
            return X[:0]

    return Recording(**settings)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Silence a logger that prints every step."""
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
