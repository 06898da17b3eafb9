"""Whether the genes of a good model recur, measured without the checks that ask for it.

A model may be sound and its list not: of thousands of genes many are as good as the first ten.
So whether ``bootstrap``, ``seeds`` and ``folds`` should hold is measured on samples and trainings
that the checks do not use, and before their verdicts are looked at:

- *other samples*: as many of each class as are held out are taken from the training samples, the
  model is fitted without them, and its lists of either set are compared, three times;
- *other seeds*: four models are fitted, and their lists of the held-out samples are compared, each
  with each;
- *other training samples*: the list of the model is compared with those of four that each lack a
  third of the training samples at random.

The genes recur if the mean Jaccard index of the classes reaches the check's threshold.
"""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from tissueshap._core.selection import top
from tissueshap.adapters import adapt_to
from tissueshap.explain import Background, explanation
from tissueshap.trust import CHECKS, jaccard, jaccard_by_chance
from verdicts.foreign import (
    Fit,
    celltypist,
    forest,
    keras_network,
    naive_bayes,
    regression,
    torch_network,
)
from verdicts.trial import Trial

#: Draws of an explanation, fits that are compared, and splits of the samples.
_N_DRAWS, _N_FITS, _N_SPLITS = 1000, 4, 3
#: Seeds, far from those of the trials and of the checks.
_SEED = 1000
#: Part of the training samples that is left out: that of ``n_folds=3``.
_LEFT_OUT = 1 / 3
#: Training samples of each class that must be left.
_LEAST = 3

#: What fits the model of a good situation, and whether it needs the genes' names.
FITS: dict[str, tuple[Fit, bool]] = {
    "logistic regression": (regression, False),
    "a random forest": (forest, False),
    "a CellTypist model": (celltypist, True),
    "a network of Keras": (keras_network, True),
    "a network of PyTorch": (torch_network, True),
    "naive Bayes, by sampled Shapley values": (naive_bayes, False),
    "values of shap": (regression, False),
    "a function that explains": (regression, False),
    "logistic regression, by more checks": (regression, False),
    "logistic regression, and a coin": (regression, False),
    "a CellTypist model, against permuted labels": (celltypist, True),
}
#: The situations whose models are fitted in the same way.
SAME = {
    name: first
    for name, (fit, _) in FITS.items()
    for first in [next(one for one, (other, _) in FITS.items() if other is fit)]
    if name != first
}


def recurrence(trial: Trial, name: str, checks: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return for each check of stability the mean Jaccard index, and whether it is enough.

    Parameters
    ----------
    trial
        Its cohort.
    name
        Of the situation.
    checks
        Of ``"bootstrap"``, ``"seeds"`` and ``"folds"``.
    """
    fit, named = FITS[name]
    made = partial(fit, genes=trial.genes) if named else fit
    ways = {"bootstrap": _other_samples, "seeds": _other_seeds, "folds": _other_training}
    chance = jaccard_by_chance(n_listed(trial), trial.genes.size)
    found = {}
    for check in checks:
        value = ways[check](trial, made)
        least = chance + CHECKS[check].threshold * (1 - chance)
        found[check] = {"value": round(value, 4), "recurs": bool(value >= least)}
    return found


def _lists(trial: Trial, model: Any, rows: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return the first genes of each class for some samples, genes x classes."""
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32)
    adapted = adapt_to(model, list(trial.genes))
    codes = np.asarray([adapted.classes.index(name) for name in trial.classes()[rows]])
    explainer = adapted.explainer(Background(x[train]), n_draws=_N_DRAWS, seed=_SEED)
    values = explanation(explainer, x[rows], codes).values
    means = [values[codes == code].mean(axis=0) for code in np.unique(codes)]
    return np.asarray(top(np.stack(means, axis=1), n_listed(trial)))


def n_listed(trial: Trial) -> int:
    """Return how many genes of each class are listed: as many as ``tl.trust`` lists by default."""
    return max(1, min(10, trial.genes.size // 10))


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    pairs = zip(first.T, second.T, strict=True)
    return float(np.mean([jaccard(one, other) for one, other in pairs]))


def _fitted(trial: Trial, fit: Fit, train: np.ndarray, seed: int) -> Any:
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32)[train]
    return fit(x, trial.classes()[train].astype(str), seed)


def _other_samples(trial: Trial, fit: Fit) -> float:
    train, test = (np.flatnonzero(trial.is_part(part)) for part in ("train", "test"))
    classes, found = trial.classes(), []
    for number in range(_N_SPLITS):
        rng = np.random.default_rng([_SEED, number])
        spare = np.concatenate(
            [
                rng.permutation(own)[: min((classes[test] == name).sum(), own.size - _LEAST)]
                for name in sorted(set(classes[test]))
                for own in [train[classes[train] == name]]
            ]
        )
        rest = np.setdiff1d(train, spare)
        model = _fitted(trial, fit, rest, _SEED)
        found.append(_agreement(*(_lists(trial, model, rows, rest) for rows in (test, spare))))
    return float(np.mean(found))


def _other_seeds(trial: Trial, fit: Fit) -> float:
    train, test = (np.flatnonzero(trial.is_part(part)) for part in ("train", "test"))
    seeds = range(_SEED, _SEED + _N_FITS)
    lists = [_lists(trial, _fitted(trial, fit, train, seed), test, train) for seed in seeds]
    return float(np.mean([_agreement(*pair) for pair in combinations(lists, 2)]))


def _other_training(trial: Trial, fit: Fit) -> float:
    train, test = (np.flatnonzero(trial.is_part(part)) for part in ("train", "test"))
    classes = trial.classes()
    whole = _lists(trial, _fitted(trial, fit, train, _SEED), test, train)
    found = []
    for number in range(_N_FITS):
        rng = np.random.default_rng([_SEED, 7, number])
        part = np.concatenate(
            [
                rng.permutation(own)[: own.size - round(_LEFT_OUT * own.size)]
                for name in sorted(set(classes[train]))
                for own in [train[classes[train] == name]]
            ]
        )
        model = _fitted(trial, fit, np.sort(part), _SEED)
        found.append(_agreement(whole, _lists(trial, model, test, part)))
    return float(np.mean(found))
