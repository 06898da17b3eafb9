"""Roughly how long each step of a run takes, from what its work grows with.

The constants are seconds of one core, measured on two cores of a server without a GPU: GTEx's
size (16,651 samples x 17,023 genes, 47 classes) for what grows, 132 samples x 5,630 genes and
17,017 samples x 59 genes for what does not (docs/run.md). Those of a training step were fitted on
105 rows x 15,352 genes, 2,867 x 1,411 and 600 x 300; on four other sizes, from 300 x 5,630 to
GTEx's genes, they give 0.8 to 1.15 of the CPU time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from tissueshap._core.held_out import fewest
from tissueshap.workflow._config import Config, types
from tissueshap.workflow._values import choices

if TYPE_CHECKING:
    from tissueshap.model import Preset

#: Operations with matrices of a core in a second: of a training, which needs six for each
#: multiplication of the network and row (forwards, and backwards twice), and of gradients of the
#: input, which need four and are computed in smaller pieces.
_TRAIN, _TRAIN_OPERATIONS = 6, 1.2e11
_GRADIENT, _GRADIENT_OPERATIONS = 4, 5e10
#: An optimiser's update of a weight.
_UPDATE = 2e-10
#: What does not grow: to build and compile a network, an epoch, and a step.
_NETWORK, _EPOCH, _STEP = 0.5, 0.005, 0.002

#: Per value, samples x genes.
_PER_VALUE = {
    "filter": 3.8e-8,
    "tmm": 7e-8,
    "log2": 7e-9,
    "oversample": 1.3e-8,
    "predict": 3.9e-8,
    "rank": 7e-9,
    "save": 3e-7,
    "cohort": 1e-7,
    "harmonise": 1e-7,
}
#: To judge a training sample in a calibration, and each of its values.
_JUDGE, _JUDGE_VALUE = 3e-4, 9e-8
#: A training sample in the logistic regression that the classifier is compared with.
_REGRESSION = 1.3e-3
#: A gene in a test of differential expression: of a sample, and of a class. limma takes a fifth
#: (docs/differential_expression.md).
_TEST_SAMPLE, _TEST_CLASS, _LIMMA = 4e-7, 2.1e-5, 0.2
#: A sample in an embedding; a start of k-means with its score, and of a sample for each cluster.
_EMBED, _START, _START_SAMPLE = 2.2e-3, 1.5e-3, 3.5e-8
#: What does not grow in a step, where it is a second or more: packages start when they are needed.
_FIXED = {
    "start": 5.0,
    "filter": 1.0,
    "cnn": 5.0,
    "evaluate": 1.0,
    "shap": 2.0,
    "trust": 4.0,
    "explain_cohort": 2.0,
    "enrich": 1.0,
    "exclusive": 1.0,
    "figures": 8.0,
    "report": 3.0,
}
#: To test the processes of GO.
_GO = 20.0
#: A quick table of trust takes as long as explaining; a full one trains so many more networks.
_TRAININGS_OF_FULL = 5
_FOLDS_OF_CALIBRATION = 5


@dataclass(frozen=True)
class Sizes:
    """What the work grows with.

    Attributes
    ----------
    n_samples, n_genes
        Of the cohort.
    train
        Number of training samples of each class.
    n_test
        Number of held-out samples; with folds all.
    n_other
        Number of samples of another cohort.
    """

    n_samples: int
    n_genes: int
    train: np.ndarray
    n_test: int
    n_other: int = 0

    @property
    def n_train(self) -> int:
        """Number of training samples."""
        return int(self.train.sum())

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return self.train.size

    def without(self, share: float) -> Sizes:
        """Return the sizes with fewer training samples."""
        return replace(self, train=np.maximum(1, np.round(self.train * (1 - share))))


def seconds(
    config: Config, settings: Preset, sizes: Sizes, steps: list[str], *, cores: int
) -> dict[str, float]:
    """Return roughly how many seconds each step takes on an idle machine without a GPU.

    What passes before the first step is ``"start"``.

    Parameters
    ----------
    config
        The settings of the run.
    settings
        Those of the network.
    sizes
        Of the data.
    steps
        Names of the steps.
    cores
        Number of cores.
    """
    values = sizes.n_samples * sizes.n_genes
    names = ["start", *steps]
    work = {name: _FIXED.get(name, 0.0) + _PER_VALUE.get(name, 0.0) * values for name in names}
    explaining = _explain(config, settings, sizes, sizes.n_test) / cores
    training = _train(settings, sizes, config.balance, cores)
    more = {
        "cnn": training,
        "calibrate": _calibrate(config, settings, sizes, cores),
        "evaluate": _REGRESSION * sizes.n_train,
        "shap": explaining,
        "balancing": _compare_balancing(config, settings, sizes, cores),
        "folds": _cross_validate(config, settings, sizes, cores) + explaining,
        "de": _test(config, sizes) / cores,
        "cluster": (3 + config.n_random) * _cluster(config, sizes, config.n_starts) / cores,
        "null_test": config.n_null * _cluster(config, sizes, config.null_starts) / cores,
        "trust": explaining + (config.trust == "full") * _TRAININGS_OF_FULL * training,
        "explain_cohort": _explain(config, settings, sizes, sizes.n_other) / cores,
        "project": 4 * _EMBED * sizes.n_other,
        "exclusive": _GO * config.go,
    }
    return {name: work[name] + more.get(name, 0.0) for name in work}


def _rows(sizes: Sizes, balance: str) -> float:
    """Return the number of rows that a network is trained on."""
    if balance in ("smote", "random"):
        return float(sizes.n_classes * sizes.train.max())
    if balance == "undersample":
        return float(sizes.n_classes * sizes.train.min())
    return float(sizes.n_train)


def _n_validation(settings: Preset, n_train: int) -> float:
    held_out = settings.validation * n_train
    return held_out if held_out >= settings.min_validation else 0.0


def _train(settings: Preset, sizes: Sizes, balance: str, cores: int) -> float:
    """Return the seconds of the trainings of a classifier, one for each network of an average."""
    held_out = _n_validation(settings, sizes.n_train) / sizes.n_train
    rows = _rows(sizes, balance) * (1 - held_out)
    batches = max(1, round(rows / settings.batch_size))
    epochs = max(settings.epochs, math.ceil(settings.min_steps / batches))
    weights, multiplications = _size(settings, sizes)
    operations = _TRAIN * multiplications * rows / batches
    step = _STEP + operations / (_TRAIN_OPERATIONS * cores) + _UPDATE * weights
    return settings.n_models * (_NETWORK + epochs * (_EPOCH + batches * step))


def _size(settings: Preset, sizes: Sizes) -> tuple[float, float]:
    """Return the weights of a network, and its multiplications for one row."""
    width, weights, multiplications = sizes.n_genes, 0.0, 0.0
    if settings.arch == "cnn":
        side, channels = math.ceil(math.sqrt(width)), 1
        for number, filters in enumerate(settings.filters, start=1):
            kernel = 9 * channels * filters
            weights += kernel
            multiplications += kernel * side * side
            channels = filters
            side //= 1 + (number % 2 == 0)
        width = side * side * channels
    for units in (*(() if settings.arch == "linear" else settings.widths), sizes.n_classes):
        weights += width * units
        multiplications += width * units
        width = units
    return weights, multiplications


def _calibrate(config: Config, settings: Preset, sizes: Sizes, cores: int) -> float:
    """Return the seconds of a calibration, for which few samples are trained on in folds."""
    judging = sizes.n_train * (_JUDGE + _JUDGE_VALUE * sizes.n_genes)
    if settings.n_models == 1 and _n_validation(settings, sizes.n_train):
        return judging
    smallest = int(sizes.train.min())
    possible = range(2, min(_FOLDS_OF_CALIBRATION, smallest) + 1)
    folds = max((n for n in possible if fewest(n_folds=n) <= smallest), default=0)
    return judging + folds * _train(
        settings, sizes.without(1 / max(1, folds)), config.balance, cores
    )


def _compare_balancing(config: Config, settings: Preset, sizes: Sizes, cores: int) -> float:
    settings = settings.changed(epochs=config.balancing_epochs)
    return sum(_train(settings, sizes, method, cores) for method in choices(types()["balance"]))


def _cross_validate(config: Config, settings: Preset, sizes: Sizes, cores: int) -> float:
    folds = config.folds or 0
    return folds * _train(settings, sizes.without(1 / max(1, folds)), config.balance, cores)


def _explain(config: Config, settings: Preset, sizes: Sizes, n_samples: int) -> float:
    """Return the seconds of a core to explain samples."""
    _, multiplications = _size(settings, sizes)
    explained = sizes.n_samples if config.explain == "all" else n_samples
    classes = sizes.n_classes if config.explain_target == "all" else 1
    gradients = explained * classes * config.n_draws * settings.n_models
    return gradients * _GRADIENT * multiplications / _GRADIENT_OPERATIONS


def _test(config: Config, sizes: Sizes) -> float:
    each = _TEST_SAMPLE * sizes.n_samples + _TEST_CLASS * sizes.n_classes
    return sizes.n_genes * each * (_LIMMA if config.test.startswith("limma") else 1.0)


def _cluster(config: Config, sizes: Sizes, n_starts: int) -> float:
    """Return the seconds of a core for a gene set."""
    chosen = {"test": sizes.n_test, "train": sizes.n_train, "all": sizes.n_samples}
    n = chosen[config.cluster_samples]
    return n * _EMBED + n_starts * (_START + _START_SAMPLE * n * sizes.n_classes)
