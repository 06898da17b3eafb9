"""Situations of the checks that a quick table does not make, stated before any was run.

Wrong ones name the check that must fail. Good ones are also those on which these checks must
hold: the default network, logistic regression, and a list without a model.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from tissueshap import pp
from tissueshap._core.dense import dense
from verdicts.foreign import (
    celltypist,
    explained_by_noise,
    keras_network,
    published_list,
    random_list,
    regression,
    shap_values,
    sound,
    with_model,
)
from verdicts.trial import Situation, Trial, noise_data, relabel
from verdicts.wrong_data import shuffled_training_labels
from verdicts.wrong_values import permuted_genes, tenfold_noise, values_of_another_class

#: Cohorts in which there are samples enough for knockoffs.
_LARGE = (
    "compendium, first tissues", "gtex, 26 tissues", "compendium, other tissues",
    "compendium, more tissues", "blood cells",
)  # fmt: skip
#: Cohorts on which averages of three networks are trained.
_AVERAGED = (
    "compendium, first tissues", "mosaic", "compendium, other tissues", "primates", "profiles",
    "panel, 12 tissues", "profiles of hpa", "hpa", "blood cells",
)  # fmt: skip
#: More cohorts that hold out eight samples of each class.
_EIGHT = (
    "compendium, more tissues", "panel, 12 tissues", "panel, other organs", "blood cells",
)  # fmt: skip
#: Simulated cohorts that hold out eight samples too, with other trials of permuted labels.
_SIMULATED = ("compendium, first tissues", "compendium, other tissues")
#: Cohorts of counts with thousands of genes, on which a regression is fitted in a second.
_COUNTS = (
    "compendium, first tissues", "compendium, other tissues", "compendium, more tissues",
    "profiles", "profiles, other tissues", "primates", "primates of blake", "profiles of hpa",
    "blood cells",
)  # fmt: skip
#: Those of six classes or more: three need another one each.
_SIX_CLASSES = tuple(name for name in _COUNTS if name not in ("primates of blake", "blood cells"))
#: Real samples, whose genes vary together within the classes: those of simulated ones do not.
_REAL = (
    "gtex, 26 tissues", "mosaic", "primates", "primates of blake", "panel, 12 tissues",
    "panel, other organs", "hpa", "blood cells",
)  # fmt: skip
#: Genes whose family is recognised by their symbols: of each, a class that differs in them.
_FAMILIES = (
    ("HBA1", "HBA2", "HBB", "HBD"), ("XIST", "RPS4Y1", "DDX3Y", "KDM5D"),
    ("MT-CO1", "MT-ND4", "MT-CYB", "MT-ATP6"), ("RPL13A", "RPS18", "RPL3", "RPS6"),
    ("IGKC", "IGHG1", "IGLC2", "JCHAIN"),
)  # fmt: skip


def a_coin(trial: Trial) -> None:
    """Record a column that has nothing to do with anything."""
    trial.explained.obs["coin"] = trial.rng.choice(["heads", "tails"], trial.explained.n_obs)
    trial.asked = {"confounders": ["coin"]}


def shifting_protocol(trial: Trial) -> None:
    """Half of each class was measured by a protocol that shifts a third of the genes."""
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32).copy()
    second = trial.rng.random(len(x)) < 0.5
    genes = trial.rng.random(x.shape[1]) < 1 / 3
    shift = np.where(genes, trial.rng.normal(0, 1.5, x.shape[1]), 0)
    x[second] += shift.astype(np.float32)
    trial.adata.layers["log2"] = x
    trial.adata.obs["protocol"] = np.where(second, "second", "first")
    trial.asked = {"confounders": ["protocol"]}


def tripled_in_half(trial: Trial) -> None:
    """The values of half of the samples, which a column names, are tripled."""
    second = trial.rng.random(trial.explained.n_obs) < 0.5
    trial.explained.obs["protocol"] = np.where(second, "second", "first")
    trial.put(trial.values() * np.where(second[trial.rows], 3.0, 1.0)[:, None])
    trial.asked = {"confounders": ["protocol"]}


def processed_with_another(trial: Trial, share: tuple[float, float] = (0.005, 0.02)) -> None:
    """Half of the samples of three classes, under a name of their own, were processed with others.

    They have a hundredth of the other tissue's RNA, and differ from their class in nothing else.
    """
    classes = trial.classes()
    x = np.asarray(dense(trial.adata.layers["tmm"]), dtype=np.float32).copy()
    names = sorted(set(classes))
    for name, other in zip(names[:3], names[3:6], strict=True):
        own, others = np.flatnonzero(classes == name), np.flatnonzero(classes == other)
        for part in ("train", "test"):
            inside = own[trial.is_part(part)[own]]
            half = trial.rng.permutation(inside)[::2]
            taken = trial.rng.uniform(*share, half.size)[:, None].astype(np.float32)
            x[half] = (1 - taken) * x[half] + taken * x[trial.rng.choice(others, half.size)]
            classes[half] = f"{name}, processed with {other}"
    trial.adata.layers["tmm"] = x
    pp.log2(trial.adata)
    relabel(trial, classes)


def blood_sex_and_quality(trial: Trial) -> None:
    """Five classes each differ in four genes of blood, sex or quality."""
    adata, classes = trial.adata, trial.classes()
    symbols = adata.var_names.astype(str).to_numpy(dtype=object).copy()
    x = np.asarray(adata.layers["log2"], dtype=np.float32).copy()
    places = iter(trial.rng.permutation(np.argsort(x.mean(axis=0))[: x.shape[1] // 2]))
    for name, family in zip(sorted(set(classes)), _FAMILIES, strict=False):
        own = classes == name
        for symbol, gene in zip(family, places, strict=False):
            symbols[gene] = symbol
            x[own, gene] += trial.rng.normal(6, 1, own.sum()).astype(np.float32)
    adata.layers["log2"], adata.var["symbol"] = x, symbols


def correlated_noise(trial: Trial) -> None:
    """Noise in which genes vary together in fives, and a regression of it."""
    trial.adata = noise_data(trial.rng, together=5)
    with_model(trial, regression, again=True)


def regression_of_shuffled_labels(trial: Trial) -> None:
    x, y = trial.training()
    trial.model = regression(x, trial.rng.permutation(y), 1)
    trial.asked = {"train": regression}


def regression_of_noise(trial: Trial) -> None:
    trial.adata = noise_data(trial.rng)
    pp.split(trial.adata, n_test=8, seed=1)
    with_model(trial, regression, again=True)


def random_list_trained_again(trial: Trial) -> None:
    with_model(trial, regression)
    random_list(trial)
    trial.asked["train"] = regression


def regression_on(change: Callable[[Trial], None]) -> Callable[[Trial], None]:
    """Return what changes the data, and then fits a regression."""

    def make(trial: Trial) -> None:
        change(trial)
        asked = trial.asked
        with_model(trial, regression)
        trial.asked = {**asked, **trial.asked}

    return make


def a_coin_tossed(trial: Trial) -> None:
    trial.adata.obs["coin"] = trial.rng.choice(["heads", "tails"], trial.adata.n_obs)
    trial.asked = {"confounders": ["coin"]}


def shap_values_of_a_protocol(trial: Trial) -> None:
    """The values of shap of half of the samples, which a column names, are tripled."""
    second = trial.rng.random(trial.adata.n_obs) < 0.5
    trial.adata.obs["protocol"] = np.where(second, "second", "first")
    explanation = shap_values(trial)
    times = np.where(second[trial.is_part("test")], 3.0, 1.0)
    explanation.values = explanation.values * times[:, None, None]
    trial.asked = {"attributions": explanation, "confounders": ["protocol"]}


def a_dozen_of_a_family(trial: Trial) -> None:
    """Half of the classes differ in a dozen ribosomal genes each."""
    adata, classes = trial.adata, trial.classes()
    symbols = adata.var_names.astype(str).to_numpy(dtype=object).copy()
    x = np.asarray(adata.layers["log2"], dtype=np.float32).copy()
    places = iter(trial.rng.permutation(np.argsort(x.mean(axis=0))[: x.shape[1] // 2]))
    names = sorted(set(classes))
    for name in names[: max(3, len(names) // 2)]:
        own = classes == name
        for number, gene in zip(range(12), places, strict=False):
            symbols[gene] = f"RPL{number + 3}"
            x[own, gene] += trial.rng.normal(6, 1, own.sum()).astype(np.float32)
    adata.layers["log2"], adata.var["symbol"] = x, symbols


def a_twentieth_of_another(trial: Trial) -> None:
    """As :func:`processed_with_another`, with two to eight hundredths of the other's RNA."""
    processed_with_another(trial, share=(0.02, 0.08))


def noise_trained_again(trial: Trial) -> None:
    explained_by_noise(trial)
    trial.asked["train"] = regression


def labels_shuffled_again(trial: Trial) -> None:
    """A regression whose labels are shuffled again each time that it is trained."""

    def fit(x: np.ndarray, y: np.ndarray, seed: int) -> Any:
        return regression(x, np.random.default_rng(seed).permutation(y), seed)

    with_model(trial, fit, again=True)


def celltypist_of_shuffled_labels(trial: Trial) -> None:
    fit = partial(celltypist, genes=trial.genes)
    x, y = trial.training()
    trial.model = fit(x, trial.rng.permutation(y), 1)
    trial.asked = {"train": fit}


def untrained_again(trial: Trial) -> None:
    """A network of Keras that is not trained, again and again."""
    fit = partial(keras_network, genes=trial.genes, epochs=0)
    with_model(trial, fit, again=True)


_NETWORK = ("modules", "covariates", "contamination", "explainers", "sensitivity")
_REGRESSION = ("modules", "explainers", "sensitivity", "necessity", "permutations")
_THREE: dict[str, Any] = {"n_models": 3}

#: The good situations.
FULL_GOOD = {
    "the default, by more checks": Situation("good", make=a_coin, also=_NETWORK),
    "logistic regression, by more checks": Situation(
        "good", make=sound(regression, again=True), foreign=True, also=_REGRESSION
    ),
    "the mean of three networks": Situation("good", train=_THREE, only=_AVERAGED),
    "a list of the most different genes, against knockoffs": Situation(
        "good", make=published_list, foreign=True, also=("knockoffs",), only=_LARGE
    ),
}
#: Wrong explanations of a good network.
FULL_EXPLANATIONS = {
    "values that follow a protocol": Situation(
        "wrong", "covariates", tripled_in_half, also=("covariates",)
    ),
    "values permuted over the genes, compared with other explainers": Situation(
        "wrong", "explainers", permuted_genes, also=("explainers",)
    ),
    "values with tenfold noise, compared with other explainers": Situation(
        "wrong", "explainers", tenfold_noise, also=("explainers",)
    ),
    "values of another class, compared with other explainers": Situation(
        "wrong", "explainers", values_of_another_class, also=("explainers",)
    ),
    "values permuted over the genes, with noise": Situation(
        "wrong", "sensitivity", permuted_genes, also=("sensitivity",)
    ),
    "two draws of each sample, with noise": Situation(
        "wrong", "sensitivity", explain={"n_draws": 2}, also=("sensitivity",)
    ),
}
#: Wrong models and attributions from elsewhere.
FULL_FOREIGN = {
    "a function that explains by noise, with noise": Situation(
        "wrong", "sensitivity", explained_by_noise, foreign=True, also=("sensitivity",)
    ),
    "a random list of a model, trained again": Situation(
        "wrong", "necessity", random_list_trained_again, foreign=True, also=("necessity",)
    ),
    "a regression of shuffled labels, against permuted ones": Situation(
        "wrong",
        "permutations",
        regression_of_shuffled_labels,
        foreign=True,
        also=("permutations",),
    ),
    "a random list, against knockoffs": Situation(
        "wrong", "knockoffs", random_list, foreign=True, also=("knockoffs",), only=_LARGE
    ),
}
#: Wrong data.
FULL_DATA = {
    "a protocol that shifts a third of the genes": Situation(
        "wrong", "covariates", shifting_protocol, before=True, also=("covariates",)
    ),
    "samples processed with another tissue's": Situation(
        "wrong", "contamination", processed_with_another, before=True, only=_SIX_CLASSES
    ),
    "classes that differ in blood, sex and quality": Situation(
        "wrong", "contamination", blood_sex_and_quality, before=True
    ),
    "training labels shuffled, the mean of three networks": Situation(
        "wrong", "seeds", shuffled_training_labels, before=True, train=_THREE
    ),
}
#: Situations that were added after the second run, stated before they were run.
ADDED_GOOD = {
    "logistic regression, and a coin": Situation(
        "good",
        make=regression_on(a_coin_tossed),
        foreign=True,
        also=("covariates",),
        only=(*_COUNTS, "panel, 12 tissues"),
    ),
}
ADDED_WRONG = {
    "a regression, and a protocol that shifts a third of the genes": Situation(
        "wrong",
        "covariates",
        regression_on(shifting_protocol),
        foreign=True,
        also=("covariates",),
        only=(*_COUNTS, "panel, 12 tissues"),
    ),
    "values of shap that follow a protocol": Situation(
        "wrong",
        "covariates",
        shap_values_of_a_protocol,
        foreign=True,
        also=("covariates",),
        only=(*_COUNTS, "panel, 12 tissues"),
    ),
    "a regression, a dozen genes of quality in each of some classes": Situation(
        "wrong", "contamination", regression_on(a_dozen_of_a_family), foreign=True, only=_COUNTS
    ),
    "a regression, samples with a twentieth of another tissue": Situation(
        "wrong",
        "contamination",
        regression_on(a_twentieth_of_another),
        foreign=True,
        only=_SIX_CLASSES,
    ),
    "a function that explains by noise, trained again": Situation(
        "wrong",
        "modules",
        noise_trained_again,
        foreign=True,
        also=("modules",),
        only=_REAL,
    ),
    "an untrained network of Keras, again": Situation(
        "wrong",
        "modules",
        untrained_again,
        foreign=True,
        also=("modules",),
        only=_REAL,
    ),
    "a regression of shuffled labels, eight samples of each class held out": Situation(
        "wrong",
        "permutations",
        regression_of_shuffled_labels,
        foreign=True,
        also=("permutations",),
        only=_EIGHT,
    ),
}
#: Data without any difference between the classes.
FULL_NOISE = {
    "a regression of noise whose genes vary together": Situation(
        "wrong", "modules", correlated_noise, foreign=True, also=("modules",)
    ),
    "a regression of noise, against permuted labels": Situation(
        "wrong", "permutations", regression_of_noise, foreign=True, also=("permutations",)
    ),
}
#: Situations that were added after the third run, so that ``permutations`` and ``modules`` have
#: ten wrong trials or more, stated before they were run.
FOURTH = {
    "a CellTypist model, against permuted labels": Situation(
        "good",
        make=sound(celltypist, named=True, again=True),
        foreign=True,
        also=("permutations",),
        only=(*_SIMULATED, *_EIGHT),
    ),
    "a CellTypist model of shuffled labels, against permuted ones": Situation(
        "wrong",
        "permutations",
        celltypist_of_shuffled_labels,
        foreign=True,
        also=("permutations",),
        only=(*_SIMULATED, *_EIGHT),
    ),
    "a regression of labels that are shuffled again each time": Situation(
        "wrong", "modules", labels_shuffled_again, foreign=True, also=("modules",), only=_REAL
    ),
}
