"""Make conformal.npz: prediction sets and calibration errors, by mapie, crepes and netcal.

Run it in this folder, in an environment with these three packages. It draws logits of 400
calibration and 300 new samples of five classes, one of them with only eight samples to
calibrate on, and keeps what the packages make of them: mapie's sets (score "lac", marginal),
crepes' sets (marginal, and by class through its bins), netcal's expected calibration error
and the temperature that it fits.
"""

from pathlib import Path

import numpy as np
from crepes import ConformalClassifier
from mapie.classification import SplitConformalClassifier
from netcal.metrics import ECE
from netcal.scaling import TemperatureScaling
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin

LEVELS = (0.9, 0.95)


class Given(ClassifierMixin, BaseEstimator):
    """A classifier whose input is its probabilities."""

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, x):
        return x

    def predict(self, x):
        return self.classes_[x.argmax(axis=1)]

    def __sklearn_is_fitted__(self):
        return True


rng = np.random.default_rng(2026)
sizes = [150, 120, 80, 42, 8]
codes = np.repeat(np.arange(5), sizes)
new_codes = rng.integers(5, size=300)


def draw(truth):
    logits = rng.normal(size=(truth.size, 5))
    logits[np.arange(truth.size), truth] += rng.normal(1.6, 1.0, size=truth.size)
    return 2.0 * logits


logits, new_logits = draw(codes), draw(new_codes)
p, new_p = softmax(logits, axis=1), softmax(new_logits, axis=1)

found = {"logits": logits, "codes": codes, "new_logits": new_logits, "new_codes": new_codes}
given = Given().fit(p, codes)
mapie = SplitConformalClassifier(
    given, confidence_level=list(LEVELS), conformity_score="lac", prefit=True
).conformalize(p, codes)
_, sets = mapie.predict_set(new_p)
scores, own = 1 - p, (1 - p)[np.arange(codes.size), codes]
marginal = ConformalClassifier().fit(own)
by_class = ConformalClassifier().fit(own, bins=codes)
for number, level in enumerate(LEVELS):
    found[f"mapie_{level}"] = sets[:, :, number]
    plain = {"confidence": level, "smoothing": False}
    found[f"crepes_{level}"] = marginal.predict_set(1 - new_p, **plain).astype(bool)
    found[f"crepes_by_class_{level}"] = np.stack(
        [
            by_class.predict_set(1 - new_p, bins=np.full(len(new_p), code), **plain)[:, code]
            for code in range(5)
        ],
        axis=1,
    ).astype(bool)
found["ece"] = ECE(15).measure(new_p, new_codes)
found["temperature"] = TemperatureScaling().fit(p, codes).weights
np.savez_compressed(Path(__file__).with_suffix(".npz"), **found)
print({name: np.shape(value) for name, value in found.items()}, found["ece"], found["temperature"])
