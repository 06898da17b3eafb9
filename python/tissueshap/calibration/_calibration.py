"""What makes a trained network's answers reliable, fitted on samples that it has not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap.calibration._conformal import LEVELS, Thresholds, nonconformity, prediction_sets
from tissueshap.calibration._novelty import Novelty, novelty_pvalues
from tissueshap.calibration._scaling import Scaling, fit_scaling

#: A prediction set holds the sample's class with this probability.
LEVEL = 0.95
#: Share of samples of known classes that may be called unfamiliar, and that may be called a
#: mixture.
FALSE_ALARMS = 0.05
#: The verdicts.
KNOWN, AMBIGUOUS, UNFAMILIAR = "known", "ambiguous", "unfamiliar"
VERDICTS = (KNOWN, AMBIGUOUS, UNFAMILIAR)


@dataclass(frozen=True)
class Judged:
    """What can be said of samples.

    Attributes
    ----------
    probabilities
        Calibrated probabilities, float32, samples x classes.
    sets
        Classes of each sample's prediction set, bool, samples x classes.
    distance, pvalue
        Distance to the nearest class in the last hidden layer, and the share of samples of
        known classes that lie as far away, (samples,).
    nearest
        That class, as a number.
    second
        Class whose mixture with the nearest class is closest to the sample, as a number.
    mixture_pvalue
        Share of samples of known classes that such a mixture is as much closer to than their
        nearest class, (samples,).
    position
        Place on a flat map of the classes, samples x 2.
    verdicts
        ``"ambiguous"`` where `mixture_pvalue` is at most 0.05 and the mixture is not further
        away than samples of known classes are from theirs. Otherwise ``"unfamiliar"`` where
        `pvalue` is at most 0.05. Otherwise ``"known"`` where the set has one class, and
        ``"ambiguous"`` where it has none or several.

    Examples
    --------
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2)
    >>> judged = calibrated.judge(adata.layers["log2"][:2])
    >>> judged.sets.shape, judged.verdicts.shape
    ((2, 3), (2,))
    """

    probabilities: np.ndarray
    sets: np.ndarray
    distance: np.ndarray
    pvalue: np.ndarray
    nearest: np.ndarray
    second: np.ndarray
    mixture_pvalue: np.ndarray
    position: np.ndarray
    verdicts: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Judged]) -> Judged:
        """Return what is said of several blocks of samples as one."""
        names = [each.name for each in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Calibration:
    """What a model carries to judge its own answers.

    Attributes
    ----------
    scaling
        From logits to calibrated probabilities.
    thresholds
        Of the prediction sets.
    novelty
        The classes, and mixtures of them, in the last hidden layer.
    reference
        Distances to the nearest class of samples that the network had not seen, ascending.
    gains
        How much closer such samples are to a mixture than to their nearest class, ascending.
    source
        ``"validation"`` (the samples held out to monitor the training) or ``"out-of-fold"``
        (the training samples, each by a network of other folds).
    n_samples
        Number of samples that it was fitted on.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat([0, 1, 2], 40)
    >>> features = 4 * np.eye(3)[codes] + rng.normal(size=(120, 3))
    >>> novelty = ts.calibration.Novelty.of(features, codes)
    >>> calibration = ts.calibration.fit(
    ...     features, codes, *novelty.place(features), novelty, source="example"
    ... )
    >>> calibration.judge(features[:1], features[:1]).sets.tolist()
    [[True, False, False]]
    """

    scaling: Scaling
    thresholds: Thresholds
    novelty: Novelty
    reference: np.ndarray
    gains: np.ndarray
    source: str
    n_samples: int

    @property
    def limit(self) -> float:
        """Distance beyond which a sample is unfamiliar; infinite if too few were seen for one."""
        n_beyond = math.floor(FALSE_ALARMS * (self.reference.size + 1) + 1e-9) - 1
        return math.inf if n_beyond < 0 else float(self.reference[-1 - n_beyond])

    def to_dict(self) -> dict[str, Any]:
        """Return what is not an array, in types that JSON has."""
        return {
            "scaling": self.scaling.to_dict(),
            "thresholds": self.thresholds.to_dict(),
            "source": self.source,
            "n_samples": self.n_samples,
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays, by name."""
        return {
            "novelty_centre": self.novelty.centre,
            "novelty_directions": self.novelty.directions,
            "novelty_pairs": self.novelty.pairs,
            "novelty_mixed": self.novelty.mixed,
            "novelty_reference": self.reference,
            "novelty_gains": self.gains,
        }

    @classmethod
    def from_parts(
        cls, plain: Mapping[str, Any], arrays: Mapping[str, np.ndarray], n_classes: int
    ) -> Self:
        """Return what :meth:`to_dict` and :meth:`arrays` returned.

        Raises
        ------
        DataError
            A part is missing, or of another size.
        """
        try:
            scaling = Scaling.from_dict(plain["scaling"])
            thresholds = Thresholds.from_dict(plain["thresholds"])
            novelty = Novelty(
                *(arrays[f"novelty_{name}"] for name in ("centre", "directions", "pairs", "mixed"))
            )
            reference, gains = (arrays[f"novelty_{name}"] for name in ("reference", "gains"))
            source = str(plain["source"])
            n_samples = int(plain["n_samples"])
            sizes = {scaling.slope.shape, scaling.bias.shape} | {
                limits.shape for limits in thresholds.by_class.values()
            }
            shape = (n_classes, novelty.centre.size)
            mixed = (len(novelty.pairs), novelty.centre.size)
            has_pairs = novelty.pairs.size and novelty.pairs.max() < n_classes
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"its calibration: {error!r}") from error
        shapes = novelty.directions.shape == shape and novelty.mixed.shape == mixed
        if sizes != {(n_classes,)} or not shapes or not has_pairs or not reference.size:
            raise DataError("its calibration does not match its classes")
        return cls(scaling, thresholds, novelty, reference, gains, source, n_samples)

    def judge(self, logits: np.ndarray, features: np.ndarray, *, level: float = LEVEL) -> Judged:
        """Judge samples by what the network makes of them.

        Parameters
        ----------
        logits
            Samples x classes.
        features
            Of the last hidden layer, samples x features.
        level
            Coverage of the prediction sets, 0.9 or 0.95.
        """
        probabilities = self.scaling.probabilities(logits)
        sets = prediction_sets(nonconformity(probabilities), self.thresholds, level)
        distance, nearest = self.novelty.distances(features)
        pvalue = novelty_pvalues(distance, self.reference)
        between, second = self.novelty.between(features)
        mixture_pvalue = novelty_pvalues(distance - between, self.gains)
        is_near_mixture = novelty_pvalues(between, self.reference) > FALSE_ALARMS
        is_mixture = (mixture_pvalue <= FALSE_ALARMS) & is_near_mixture
        single = np.where(sets.sum(axis=1) == 1, KNOWN, AMBIGUOUS)
        return Judged(
            probabilities.astype(np.float32),
            sets,
            distance,
            pvalue,
            nearest,
            second,
            # A mixture that is itself far away explains nothing.
            np.where(is_near_mixture, mixture_pvalue, 1.0),
            self.novelty.map(features),
            np.select([is_mixture, pvalue <= FALSE_ALARMS], [AMBIGUOUS, UNFAMILIAR], single),
        )


def fit(
    logits: np.ndarray,
    codes: np.ndarray,
    distances: np.ndarray,
    gains: np.ndarray,
    novelty: Novelty,
    *,
    source: str,
    seed: int = 0,
) -> Calibration:
    """Fit all parts.

    Parameters
    ----------
    logits, distances, gains
        Of samples that the networks which made them had not seen, samples x classes and
        (samples,); the last two as from :meth:`Novelty.place`.
    codes
        The true classes, as columns of `logits`.
    novelty
        The classes, and mixtures of them, in the last hidden layer of the network that will be
        used.
    source
        Where the samples come from, for the record.
    seed
        Seed of the cross-validation that chooses the scaling.

    Returns
    -------
    The calibration.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> codes = np.repeat([0, 1, 2], 40)
    >>> features = 4 * np.eye(3)[codes] + rng.normal(size=(120, 3))
    >>> novelty = ts.calibration.Novelty.of(features, codes)
    >>> calibration = ts.calibration.fit(
    ...     features, codes, *novelty.place(features), novelty, source="example"
    ... )
    >>> calibration.n_samples
    120
    """
    scaling = fit_scaling(logits, codes, seed=seed)
    scores = nonconformity(scaling.probabilities(logits))
    return Calibration(
        scaling,
        Thresholds.of(scores, codes, LEVELS),
        novelty,
        np.sort(np.asarray(distances, dtype=np.float32)),
        np.sort(np.asarray(gains, dtype=np.float32)),
        source,
        int(codes.size),
    )
