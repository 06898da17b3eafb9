"""Situations of models that this package did not train, and of attributions from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import shap
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tissueshap.adapters import adapt
from tissueshap.model._backend import keras
from verdicts.trial import Situation, Trial, noise_data

#: Genes of each class that are listed.
_LISTED = 10

Fit = Callable[[np.ndarray, np.ndarray, int], Any]


def regression(x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    """Fit logistic regression to a bootstrap of the samples of each class."""
    rng = np.random.default_rng(seed)
    rows = np.concatenate(
        [rng.choice(own, own.size) for name in np.unique(y) for own in [np.flatnonzero(y == name)]]
    )
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(x[rows], y[rows])


def forest(x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    return RandomForestClassifier(100, random_state=seed).fit(x, y)


def celltypist(x: np.ndarray, y: np.ndarray, seed: int, *, genes: pd.Index) -> Any:
    """Fit the parts that a CellTypist model has."""
    scaler = StandardScaler().fit(x)
    classifier = LogisticRegression(max_iter=500, random_state=seed)
    classifier.fit(np.minimum(scaler.transform(x), 10), y)
    return SimpleNamespace(
        classifier=classifier,
        scaler=scaler,
        features=np.asarray(genes),
        cell_types=classifier.classes_,
    )


def keras_network(
    x: np.ndarray, y: np.ndarray, seed: int, *, genes: pd.Index, epochs: int = 30
) -> Any:
    """Train a network of Keras with one hidden layer."""
    layers = keras().layers
    keras().utils.set_random_seed(seed)
    classes, codes = np.unique(y, return_inverse=True)
    scaling = layers.Normalization()
    scaling.adapt(x)
    network = keras().Sequential(
        [
            layers.Input((x.shape[1],)),
            scaling,
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(classes.size, activation="softmax"),
        ]
    )
    network.compile(optimizer=keras().optimizers.Adam(1e-3), loss="sparse_categorical_crossentropy")
    network.fit(x, codes, epochs=epochs, batch_size=32, verbose=0)
    return adapt(network, genes=list(genes), classes=list(classes))


def torch_network(
    x: np.ndarray, y: np.ndarray, seed: int, *, genes: pd.Index, epochs: int = 60
) -> Any:
    """Train the network of PyTorch of the guide *Bring your own model*."""
    import torch

    torch.manual_seed(seed)
    classes, codes = np.unique(y, return_inverse=True)
    module = torch.nn.Sequential(
        torch.nn.BatchNorm1d(x.shape[1]),
        torch.nn.Linear(x.shape[1], 16),
        torch.nn.ReLU(),
        torch.nn.Linear(16, classes.size),
    )
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    for _ in range(epochs):
        optimiser.zero_grad()
        outputs = module(torch.tensor(x))
        torch.nn.functional.cross_entropy(outputs, torch.tensor(codes)).backward()
        optimiser.step()
    return adapt(module, genes=list(genes), classes=list(classes))


def naive_bayes(x: np.ndarray, y: np.ndarray, seed: int) -> Any:
    del seed
    return GaussianNB(var_smoothing=0.1).fit(x, y)


def with_model(trial: Trial, fit: Fit, *, again: bool = False) -> None:
    """Fit a model to the training samples; hand in the function too, to train again."""
    trial.model = fit(*trial.training(), 1)
    trial.asked = {"train": fit} if again else {}


def sound(fit: Fit, *, named: bool = False, again: bool = False) -> Callable[[Trial], None]:
    """Return what makes a trial of a model; with its genes' names, if it needs them."""

    def make(trial: Trial) -> None:
        with_model(trial, partial(fit, genes=trial.genes) if named else fit, again=again)

    return make


def on_shuffled_labels(fit: Fit) -> Callable[[Trial], None]:
    def make(trial: Trial) -> None:
        x, y = trial.training()
        trial.model = fit(x, trial.rng.permutation(y), 1)

    return make


def genes_in_another_order(trial: Trial) -> None:
    model = celltypist(*trial.training(), 1, genes=trial.genes)
    model.features = trial.rng.permutation(model.features)
    trial.model = model


def classes_in_another_order(trial: Trial) -> None:
    model = keras_network(*trial.training(), 1, genes=trial.genes)
    trial.model = adapt(model.source, genes=model.genes, classes=np.roll(model.classes, 1))


def another_scale(trial: Trial) -> None:
    """Standardised by the user in training, and not when it is explained."""
    x, y = trial.training()
    trial.model = LogisticRegression(max_iter=500).fit(StandardScaler().fit_transform(x), y)


def untrained_torch(trial: Trial) -> None:
    trial.model = torch_network(*trial.training(), 1, genes=trial.genes, epochs=0)


def trained_on_all(trial: Trial) -> None:
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32)
    trial.model = regression(x, trial.classes(), 1)


def regression_of_noise(trial: Trial) -> None:
    trial.adata = noise_data(trial.rng)
    with_model(trial, regression, again=True)


def weights(trial: Trial) -> pd.DataFrame:
    """Return a regression's weights of standardised genes, genes x classes."""
    with_model(trial, regression)
    last = trial.model[-1]
    return pd.DataFrame(last.coef_.T, trial.genes, last.classes_)


def given_weights(trial: Trial) -> None:
    trial.asked = {"attributions": weights(trial)}


def weights_of_another_class(trial: Trial) -> None:
    table = weights(trial)
    rolled = np.roll(table.to_numpy(), 1, axis=1)
    trial.asked = {"attributions": pd.DataFrame(rolled, table.index, table.columns)}


def weights_of_other_genes(trial: Trial) -> None:
    table = weights(trial)
    permuted = trial.rng.permutation(table.to_numpy(), axis=0)
    trial.asked = {"attributions": pd.DataFrame(permuted, table.index, table.columns)}


def listed(trial: Trial) -> dict[str, list[str]]:
    """Return the genes that differ most between a class's training samples and the others."""
    x, y = trial.training()
    lists = {}
    for name in np.unique(y):
        own, others = x[y == name], x[y != name]
        spread = np.sqrt(own.var(axis=0) / len(own) + others.var(axis=0) / len(others))
        t = (own.mean(axis=0) - others.mean(axis=0)) / (spread + np.median(spread))
        lists[str(name)] = list(trial.genes[np.argsort(-t)[:_LISTED]])
    return lists


def published_list(trial: Trial) -> None:
    trial.asked = {"attributions": listed(trial)}


def random_list(trial: Trial) -> None:
    trial.asked = {
        "attributions": {
            name: list(trial.rng.choice(trial.genes, _LISTED, replace=False))
            for name in listed(trial)
        }
    }


def random_list_of_a_model(trial: Trial) -> None:
    with_model(trial, regression)
    random_list(trial)


def shap_values(trial: Trial) -> shap.Explanation:
    """Return the values that the package shap computes for a regression's held-out samples."""
    with_model(trial, regression)
    scaler, last = trial.model[0], trial.model[-1]
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float64)
    train, test = trial.is_part("train"), trial.is_part("test")
    # Of the first 100 training samples shap would take the mean alone.
    background = shap.maskers.Independent(scaler.transform(x[train]), max_samples=int(train.sum()))
    return shap.LinearExplainer(last, background)(scaler.transform(x[test]))


def changed(change: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None) -> Any:
    """Return what makes a trial of shap's values, changed in some way."""

    def make(trial: Trial) -> None:
        explanation = shap_values(trial)
        if change is not None:
            explanation.values = change(explanation.values, trial.rng)
        trial.asked = {"attributions": explanation}

    return make


def explained_by_noise(trial: Trial) -> None:
    with_model(trial, regression)
    rng = trial.rng
    trial.asked = {"explain": lambda model, x, background, targets: rng.normal(size=x.shape)}


def explained_by_a_contrast(trial: Trial) -> None:
    """Explain by what a user may write: weight x (value - mean)."""
    with_model(trial, regression)

    def explain(model: Any, x: np.ndarray, background: np.ndarray, targets: np.ndarray) -> Any:
        slope = model[-1].coef_[targets] / model[0].scale_
        return slope * (x - background.mean(axis=0))

    trial.asked = {"explain": explain}


def values_at_random(trial: Trial) -> None:
    with_model(trial, regression)
    shape = int(trial.is_part("test").sum()), trial.genes.size
    trial.asked = {"attributions": trial.rng.exponential(size=shape)}


def _foreign(kind: Any, must: str, make: Callable[[Trial], None], **how: Any) -> Situation:
    return Situation(kind, must, make, foreign=True, **how)


#: Sound models and attributions.
FOREIGN_GOOD = {
    "logistic regression": _foreign(
        "good", "", sound(regression, again=True), also=("seeds", "folds")
    ),
    "a random forest": _foreign("good", "", sound(forest)),
    "a CellTypist model": _foreign("good", "", sound(celltypist, named=True)),
    "a network of Keras": _foreign(
        "good", "", sound(keras_network, named=True, again=True), also=("seeds",)
    ),
    "a network of PyTorch": _foreign(
        "good", "", sound(torch_network, named=True, again=True), also=("seeds",), torch=True
    ),
    "naive Bayes, by sampled Shapley values": _foreign(
        "good", "", sound(naive_bayes), most_genes=100
    ),
    "coefficients of a regression": _foreign("good", "", given_weights),
    "values of shap": _foreign("good", "", changed()),
    "a function that explains": _foreign("good", "", explained_by_a_contrast),
    "a list of the most different genes, and no model": _foreign("good", "", published_list),
}
#: Wrong models and attributions.
FOREIGN_WRONG = {
    "a regression of shuffled labels": _foreign(
        "wrong", "performance", on_shuffled_labels(regression)
    ),
    "a forest of shuffled labels": _foreign("wrong", "performance", on_shuffled_labels(forest)),
    "a CellTypist model, genes in another order": _foreign(
        "wrong", "performance", genes_in_another_order
    ),
    "a network of Keras, classes in another order": _foreign(
        "wrong", "performance", classes_in_another_order
    ),
    "an untrained network of PyTorch": _foreign(
        "wrong", "performance", untrained_torch, torch=True
    ),
    "a regression, samples on another scale": _foreign("wrong", "performance", another_scale),
    "coefficients of another class": _foreign("wrong", "use", weights_of_another_class),
    "coefficients permuted over the genes": _foreign("wrong", "use", weights_of_other_genes),
    "a random list of a model": _foreign("wrong", "use", random_list_of_a_model),
    "a random list, and no model": _foreign("wrong", "specificity", random_list),
    "values of shap, of other samples": _foreign(
        "wrong", "completeness", changed(lambda values, rng: values[rng.permutation(len(values))])
    ),
    "values of shap, doubled": _foreign(
        "wrong", "completeness", changed(lambda values, _: 2 * values)
    ),
    "a function that explains by noise": _foreign("wrong", "repeat", explained_by_noise),
    "values at random in each sample": _foreign("wrong", "bootstrap", values_at_random),
    "a regression trained on the held-out samples too": _foreign("unseen", "", trained_on_all),
}
#: A regression of data without any difference between the classes.
FOREIGN_NOISE = {
    f"a regression of noise, {what}": _foreign("wrong", check, regression_of_noise, also=(check,))
    for check, what in (("seeds", "trained again"), ("folds", "with other samples"))
}
