"""How far samples lie from those that a network was trained on, in its last hidden layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tissueshap.calibration._mixtures import mixed_features, pairs_of_classes


@dataclass(frozen=True)
class Novelty:
    """The classes in the last hidden layer, to which samples are compared.

    The distance of a sample is one minus the cosine of the angle to the mean of the nearest
    class, seen from the mean of all training samples. In trials that leave a class out, the
    distance to the nearest training sample separated that class's samples as well, but it
    called most samples of another laboratory unfamiliar (docs/prediction.md).

    Attributes
    ----------
    centre
        Mean of each feature over the training samples, (features,).
    directions
        Means of the classes from there, scaled to length 1, float32, classes x features.
    pairs
        Pairs of classes that are mixed, int32, pairs x 2; none before :meth:`mixing`.
    mixed
        Equal mixtures of each pair, as the classes, float16, pairs x features.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train = rng.normal(size=(60, 8)) + 9 * np.repeat(np.eye(3, 8), 20, axis=0)
    >>> codes = np.repeat([0, 1, 2], 20)
    >>> novelty = ts.calibration.Novelty.of(train, codes)
    >>> distance, nearest = novelty.distances(train)
    >>> bool((nearest == codes).all()), bool(distance.max() < 0.5)
    (True, True)
    """

    centre: np.ndarray
    directions: np.ndarray
    pairs: np.ndarray = field(default_factory=lambda: np.empty((0, 2), np.int32))
    mixed: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float16))

    @classmethod
    def of(cls, features: np.ndarray, codes: np.ndarray) -> Novelty:
        """Return the classes of training samples.

        Parameters
        ----------
        features
            Samples x features.
        codes
            Their classes, as numbers from 0 on without gaps.
        """
        centre = features.mean(axis=0, dtype=np.float64)
        classes = range(int(codes.max()) + 1)
        means = np.stack([features[codes == code].mean(axis=0) for code in classes])
        return cls(centre.astype(np.float32), _unit(means - centre))

    def distances(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's distance to the nearest class, and that class.

        Parameters
        ----------
        features
            Of the same network, samples x features.

        Returns
        -------
        Distances from 0 to 2, float32, and classes as numbers, both (samples,).
        """
        cosines = self._seen(features) @ self.directions.T
        # Rounding can make a cosine a little larger than 1.
        return np.maximum(1.0 - cosines.max(axis=1), 0.0), cosines.argmax(axis=1)

    def mixing(
        self,
        features_of: Callable[[np.ndarray], np.ndarray],
        values: Any,
        codes: np.ndarray,
        *,
        seed: int = 0,
    ) -> Novelty:
        """Return the same classes with equal mixtures of every two of them.

        Parameters
        ----------
        features_of
            The network, from its input to the features of its last hidden layer.
        values
            Training samples x genes, log2-transformed; anything that can be indexed by rows.
        codes
            Their classes, as numbers.
        seed
            Seed of the samples that are mixed.

        Examples
        --------
        >>> values = np.log2(1 + np.random.default_rng(0).poisson(50, (60, 8)))
        >>> codes = np.repeat([0, 1, 2], 20)
        >>> novelty = ts.calibration.Novelty.of(values, codes)
        >>> novelty.mixing(lambda x: x, values, codes).pairs.tolist()
        [[0, 1], [0, 2], [1, 2]]
        """
        pairs = pairs_of_classes(self.directions)
        mixed = mixed_features(features_of, values, codes, pairs, seed=seed)
        return replace(self, pairs=pairs, mixed=_unit(mixed - self.centre).astype(np.float16))

    def between(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's distance to a mixture of the nearest class with another one.

        Parameters
        ----------
        features
            Of the same network, samples x features.

        Returns
        -------
        The smallest distance, float32, and the other class as a number, both (samples,).
        Without :meth:`mixing`, infinity and the second nearest class.
        """
        seen = self._seen(features)
        cosines = seen @ self.directions.T
        rows = np.arange(len(cosines))
        nearest = cosines.argmax(axis=1)
        cosines[rows, nearest] = -np.inf
        if not len(self.pairs):
            return np.full(len(rows), np.inf, np.float32), cosines.argmax(axis=1)
        first, second = self.pairs.T
        mixed = seen @ self.mixed.astype(np.float32).T
        mixed[(first != nearest[:, None]) & (second != nearest[:, None])] = -np.inf
        best = mixed.argmax(axis=1)
        other = np.where(first[best] == nearest, second[best], first[best])
        return np.maximum(1.0 - mixed[rows, best], 0.0), other

    def place(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how far samples are from the nearest class, and how much closer a mixture is.

        Parameters
        ----------
        features
            Of the same network, samples x features.

        Returns
        -------
        Distances to the nearest class, and these minus the distance to a mixture of that class
        with another one, both float32, (samples,).
        """
        distance, _ = self.distances(features)
        return distance, distance - self.between(features)[0]

    def map(self, features: np.ndarray) -> np.ndarray:
        """Return a flat map of samples: what the first two axes of :meth:`axes` show of them.

        Parameters
        ----------
        features
            Of the same network, samples x features.

        Returns
        -------
        float32, samples x 2.
        """
        axes, _ = self.axes()
        return np.asarray(self._seen(features) @ axes.T, dtype=np.float32)

    def map_of_classes(self) -> np.ndarray:
        """Return the classes on the map of :meth:`map`, float32, classes x 2."""
        axes, _ = self.axes()
        return np.asarray(self.directions @ axes.T, dtype=np.float32)

    def axes(self) -> tuple[np.ndarray, float]:
        """Return the two directions in which the classes differ most.

        Returns
        -------
        Principal axes of the classes' directions, 2 x features, and the share of the
        differences between the classes that they show.
        """
        centred = self.directions - self.directions.mean(axis=0)
        _, sizes, axes = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
        axes = axes[:2]
        # The sign of an axis is arbitrary: the largest component is made positive.
        largest = np.abs(axes).argmax(axis=1)
        signs = np.sign(np.take_along_axis(axes, largest[:, None], axis=1))
        return axes * signs, float(np.square(sizes[:2]).sum() / np.square(sizes).sum())

    def _seen(self, features: np.ndarray) -> np.ndarray:
        """Return the samples' directions from the mean of the training samples."""
        return _unit(features - self.centre)


def novelty_pvalues(distances: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return how often samples of known classes are at least as far away.

    Parameters
    ----------
    distances
        Of new samples.
    reference
        Of samples of the training cohort that the network had not seen.

    Returns
    -------
    p-values: of samples like the reference, a share of at most p has p or less.

    References
    ----------
    Bates et al., Testing for outliers with conformal p-values, Annals of Statistics 51:149
    (2023).

    Examples
    --------
    >>> ts.calibration.novelty_pvalues(np.array([0.5, 0.05]), np.linspace(0.1, 0.4, 19))
    array([0.05, 1.  ])
    """
    ordered = np.sort(reference)
    beyond = ordered.size - np.searchsorted(ordered, distances, side="left")
    return np.asarray((1 + beyond) / (1 + ordered.size))


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
