"""``tl.calibrate``: probabilities that mean what they say, and a model that can abstain."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from tissueshap._core import provenance, schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import TEST, TRAIN, fewest, training
from tissueshap._core.logging import logger
from tissueshap._core.options import check_number
from tissueshap.calibration import Novelty, expected_calibration_error, fit, reliability
from tissueshap.evaluation import balance_as, balancing, workbench
from tissueshap.explain import Rows, centres, trainings
from tissueshap.model import (
    Classifier,
    Preset,
    activations,
    backend,
    calibration_card,
    check_model,
    of_model,
    restored,
    validation,
)
from tissueshap.pp import split
from tissueshap.tl._cnn import cnn

if TYPE_CHECKING:
    from anndata import AnnData


def calibrate(
    adata: AnnData,
    model: Classifier,
    label: str | None = None,
    *,
    n_folds: int = 5,
    n_centres: int = 50,
    seed: int = 42,
    key_added: str | None = None,
) -> Classifier:
    """Calibrate a classifier, so that it can be applied to other samples.

    A network's probabilities are those of samples that it was trained on: on others it is
    too certain, or, after label smoothing, not certain enough. Calibration uses samples that
    it has not seen: those held out to monitor its training, or, if there are none, all
    training samples, each by a network that is trained on the other folds with the settings
    of the model. Test samples have no part in it. Fitted are

    - the scaling of the logits (one temperature, or a slope and a bias for each class where
      that predicts held-out samples better by more than a standard error);
    - thresholds of the prediction sets, which hold a sample's class with a probability of
      90 % or 95 % (split conformal prediction), for all classes together and for each;
    - the distance of such samples from the nearest class in the last hidden layer, with
      which samples of unknown classes are recognised;
    - how much closer such samples are to a mixture of two classes, made of training samples,
      with which mixtures are recognised.

    The model also receives a background for ``tl.explain``.

    Parameters
    ----------
    adata
        The AnnData that the model was trained on. Reads ``obs[label]``, ``obs["split"]``,
        the model's layer and the record of ``pp.oversample``.
    model
        The classifier.
    %(label)s
    n_folds
        Number of folds where no samples were held out. Each is a training.
    n_centres
        Number of cluster centres of the training samples that are kept as background.
    seed
        Seed of the folds, their trainings and the centres.
    %(key_added)s

    Returns
    -------
    The calibrated classifier: the same network, with ``calibration``, ``background`` and, in
    its card, the reliability.
    Writes ``uns["tissueshap"]["calibrate"]``: ``source`` (``"validation"`` or
    ``"out-of-fold"``), ``n_samples``, ``method`` (of the scaling), ``slope`` (its mean),
    ``ece_before``, ``ece_after`` (expected calibration error on the test samples; on the
    calibration samples themselves if there are no test samples), ``measured_on``, and
    ``reliability``: one row per bin, ``stage`` (``before``, ``after``), ``low``, ``high``,
    ``n``, ``confidence``, ``accuracy``.

    Raises
    ------
    DataError
        The model was not trained on this AnnData, or a class is too small for the folds.

    References
    ----------
    Guo et al., On calibration of modern neural networks, ICML 2017; Vovk, Gammerman and
    Shafer, Algorithmic learning in a random world, Springer 2005.

    Examples
    --------
    >>> calibrated = ts.tl.calibrate(adata, model, n_folds=2)
    >>> calibrated.calibration.source
    'out-of-fold'
    >>> ts.tl.predict(other, calibrated)
    >>> other.obs["verdict"].cat.categories.tolist()
    ['known', 'ambiguous', 'unfamiliar']
    """
    adata = target(adata, copy=False)
    check_model(model)
    check_number("n_folds", n_folds, low=2, integer=True)
    name = slots.label_name(adata, label)
    _check_trained_here(adata, model, name)
    layer = str(model.recipe["layer"])
    sources = of_model(adata, model, "calibrate", layer=layer, key_added=key_added)
    values = slots.require(adata, "layers", layer)
    samples = np.flatnonzero(training(adata))
    codes = pd.Index(model.classes).get_indexer(adata.obs[name].astype(str))
    held = validation(adata, name, model.recipe, samples)
    own = np.setdiff1d(samples, held)
    novelty = _novelty(model, values, own, codes, seed)
    if held.size:
        source = "validation"
        logits, features = activations(model.network, _rows(values, held))
        placed = novelty.place(features)
    else:
        source, held = "out-of-fold", samples
        logits, placed = _out_of_fold(adata, name, model.recipe, samples, codes, n_folds, seed)
    calibration = fit(logits, codes[held], *placed, novelty, source=source, seed=seed)
    centre = centres(_rows(values, samples).fitting(seed), n_centres, seed)
    calibrated = replace(model, calibration=calibration, background=centre)
    test = np.flatnonzero(np.asarray(adata.obs[schema.obs.split].astype(str)) == TEST)
    if test.size:
        logits, measured_on = activations(model.network, _rows(values, test))[0], "test"
    else:
        test, measured_on = held, "calibration"
    slots.write(
        adata,
        "calibrate",
        {
            "uns": {
                "source": source,
                "n_samples": calibration.n_samples,
                "method": calibration.scaling.method,
                "slope": float(calibration.scaling.slope.mean()),
                **_errors(calibrated, logits, codes[test]),
                "measured_on": measured_on,
            }
        },
        params={"label": name, "layer": layer, "n_folds": n_folds, "n_centres": n_centres},
        seed=seed,
        versions=("keras", backend(), "scikit-learn", "scipy"),
        sources=sources,
        key_added=key_added,
    )
    measured = calibration_card(slots.record(adata)[key_added or "calibrate"])
    return replace(calibrated, card={**calibrated.card, "calibration": measured})


def _novelty(
    model: Classifier, values: Any, samples: np.ndarray, codes: np.ndarray, seed: int
) -> Novelty:
    """Return the classes and their mixtures in the last hidden layer of a network."""
    seen, own = _rows(values, samples), codes[samples]

    def features_of(x: Any) -> np.ndarray:
        return activations(model.network, x)[1]

    return Novelty.of(features_of(seen), own).mixing(features_of, seen, own, seed=seed)


def _rows(values: Any, rows: np.ndarray) -> Rows:
    """Return some rows of a layer, read when they are needed."""
    return Rows(values, np.arange(values.shape[1]), rows)


def _check_trained_here(adata: AnnData, model: Classifier, label: str) -> None:
    """Raise unless the training samples of this AnnData are those of the model."""
    own = None if model.trained_on is None else set(model.trained_on["sample"])
    if own != set(provenance.name_codes(adata.obs_names[training(adata)])) or not model.recipe:
        raise DataError(
            "the model was not trained on the training samples of adata: calibrate it with the "
            "AnnData, and the split, that ts.tl.cnn was called with"
        )
    provenance.check_trained_on(adata, label, model.trained_on)


def _out_of_fold(
    adata: AnnData,
    label: str,
    recipe: dict[str, Any],
    samples: np.ndarray,
    codes: np.ndarray,
    n_folds: int,
    seed: int,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return logits of the training samples, and their distances and gains.

    Each is of a network that was trained on other folds.
    """
    settings, layer = restored(str(recipe["settings"])), str(recipe["layer"])
    balanced = balancing(adata) if recipe["balanced"] else None
    fold = _folds(adata, label, samples, n_folds, seed)
    logits = np.empty((samples.size, int(codes.max()) + 1), np.float32)
    distances, gains = np.empty((2, samples.size), np.float32)
    work = workbench(adata, label, [layer, *([] if balanced is None else [balanced["layer"]])])
    how = partial(
        one_fold,
        label=label,
        layer=layer,
        settings=settings,
        balance=balanced,
        balanced=bool(recipe["balanced"]),
        codes=codes,
        seed=seed,
    )
    parts = [
        (int(number), samples[fold != number], samples[fold == number])
        for number in np.unique(fold)
    ]
    found = trainings(work, how, parts, desc="calibration", unit="fold")
    for (number, _, _), one in zip(parts, found, strict=True):
        logits[fold == number], distances[fold == number], gains[fold == number] = one
    return logits, (distances, gains)


def one_fold(
    work: AnnData,
    number: int,
    seen: np.ndarray,
    held: np.ndarray,
    *,
    label: str,
    layer: str,
    settings: Preset,
    balance: dict[str, Any] | None,
    balanced: bool,
    codes: np.ndarray,
    seed: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train without a fold, and return its samples' logits, distances and gains.

    Parameters
    ----------
    work
        A :func:`workbench`, which is not changed.
    number
        Number of the fold.
    seen, held
        Positions of the training samples without it, and of its samples.
    label, layer, settings, balance, balanced, codes, seed
        How the networks of all folds are trained.
    """
    own_seed = seed + number
    logger.info("calibration, fold %d: %d samples train", number, seen.size)
    work = workbench(work, label, list(work.layers))
    # Neither side, for the test samples.
    sides = np.full(work.n_obs, TEST, dtype=object)
    sides[seen] = TRAIN
    work.obs[schema.obs.split] = pd.Categorical(sides)
    if balance is not None:
        balance_as(work, balance, seed=own_seed)
    model = cnn(work, label, preset=settings, balanced=balanced, layer=layer, seed=own_seed)
    values = slots.require(work, "layers", layer)
    novelty = _novelty(model, values, seen, codes, own_seed)
    logits, features = activations(model.network, _rows(values, held))
    return (logits, *novelty.place(features))


def _folds(adata: AnnData, label: str, samples: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Return the fold of each training sample; donors stay together if the split kept them so."""
    import anndata

    split_params = slots.record(adata).get("split", {}).get("params", {})
    groups = split_params.get("groups")
    columns = [label, *([] if groups is None else [str(groups)])]
    obs = adata.obs.iloc[samples][columns].copy()
    obs[label] = obs[label].astype(str).astype("category")
    smallest = int(obs[label].value_counts().min())
    numbers = range(2, min(n_folds, smallest) + 1)
    possible = max((each for each in numbers if fewest(n_folds=each) <= smallest), default=0)
    if not possible:
        raise DataError(
            f"the smallest class has {smallest} training samples: calibration needs at least 3 of "
            "each, drop such classes"
        )
    work = anndata.AnnData(obs=obs)
    split(work, label, n_folds=possible, groups=groups, seed=seed)
    return np.asarray(work.obs[schema.obs.fold], dtype=np.int64)


def _errors(model: Classifier, logits: np.ndarray, codes: np.ndarray) -> dict[str, Any]:
    """Return the expected calibration error and the reliability, before and after."""
    assert model.calibration is not None
    known = codes >= 0
    logits, codes = logits[known].astype(np.float64), codes[known]
    stages = {
        "before": softmax(logits, axis=1),
        "after": model.calibration.scaling.probabilities(logits),
    }
    tables = [reliability(values, codes).assign(stage=stage) for stage, values in stages.items()]
    return {
        **{
            f"ece_{stage}": expected_calibration_error(values, codes)
            for stage, values in stages.items()
        },
        "reliability": pd.concat(tables, ignore_index=True),
    }
