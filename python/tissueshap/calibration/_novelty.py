"""How far samples lie from those that a network was trained on, in its last hidden layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
        cosines = _unit(features - self.centre) @ self.directions.T
        # Rounding can make a cosine a little larger than 1.
        return np.maximum(1.0 - cosines.max(axis=1), 0.0), cosines.argmax(axis=1)

    def between(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's distance to mixtures of the nearest class with another one.

        A mixture is any direction between the two classes, as of a sample that has cells of
        both.

        Parameters
        ----------
        features
            Of the same network, samples x features.

        Returns
        -------
        The smallest distance, float32, and the other class as a number, both (samples,). The
        distance is never larger than that to the nearest class.
        """
        cosines = _unit(features - self.centre) @ self.directions.T
        nearest = cosines.argmax(axis=1)
        own = cosines[np.arange(len(cosines)), nearest][:, None]
        overlap = (self.directions @ self.directions.T)[nearest]
        # A share of the other class brings the sample closer only if its weight is positive.
        helps = cosines > overlap * own
        square = np.square(own) + np.square(cosines) - 2 * overlap * own * cosines
        mixed = np.sqrt(np.maximum(square, 0) / np.maximum(1 - np.square(overlap), 1e-6))
        mixed = np.where(helps & (own > 0), mixed, own)
        mixed[np.arange(len(cosines)), nearest] = -1.0
        return np.maximum(1.0 - mixed.max(axis=1), 0.0), mixed.argmax(axis=1)

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
        return np.asarray(_unit(features - self.centre) @ axes.T, dtype=np.float32)

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
