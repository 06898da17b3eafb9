"""Wrong explanations of a good network, and networks that know nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from tissueshap import tl
from tissueshap.adapters._random_weights import randomised
from tissueshap.model import Classifier
from tissueshap.model._backend import keras
from verdicts.trial import Trial
from verdicts.wrong_data import shuffled_training_labels


def permuted_genes(trial: Trial) -> None:
    values = trial.values()
    trial.put(values[:, trial.rng.permutation(values.shape[1])])


def permuted_in_samples(trial: Trial) -> None:
    trial.put(trial.rng.permuted(trial.values(), axis=1))


def untrained_values(trial: Trial) -> None:
    *_, (_, _, network) = randomised(trial.model.network, seed=3)
    trial.put(trial.of(network))


def values_of_shuffled_labels(trial: Trial) -> None:
    other = Trial(trial.adata.copy(), rng=trial.rng)
    shuffled_training_labels(other)
    other.train(seed=2, epochs=5)
    trial.put(trial.of(other.model.network))


def values_of_another_class(trial: Trial) -> None:
    trial.put(trial.of(trial.model.network, (trial.targets + 1) % len(trial.model.classes)))


def gaussian_values(trial: Trial) -> None:
    values = trial.values()
    trial.put(trial.rng.normal(size=values.shape) * values.std())


def tenfold_noise(trial: Trial) -> None:
    values = trial.values()
    trial.put(values + 10 * values.std() * trial.rng.normal(size=values.shape))


def signs_turned(trial: Trial) -> None:
    trial.put(-trial.values())


def distance_from_the_mean(trial: Trial) -> None:
    x = np.asarray(trial.explained.layers["log2"], dtype=np.float64)
    size = np.abs(x[trial.rows] - x.mean(axis=0))
    trial.put(size / size.sum(axis=1, keepdims=True))


def doubled(trial: Trial) -> None:
    trial.put(2 * trial.values())


def values_of_other_samples(trial: Trial) -> None:
    trial.put(trial.values()[trial.rng.permutation(trial.rows.size)])


def the_same_for_all_classes(trial: Trial) -> None:
    values = trial.values()
    trial.put(np.repeat(values.mean(axis=0, keepdims=True), len(values), axis=0))


def half_random_list(trial: Trial) -> None:
    chosen = trial.explained.var["shap_selected"].to_numpy().copy()
    inside, outside = np.flatnonzero(chosen), np.flatnonzero(~chosen)
    n_wrong = min(inside.size // 2, outside.size)
    chosen[trial.rng.choice(inside, n_wrong, replace=False)] = False
    chosen[trial.rng.choice(outside, n_wrong, replace=False)] = True
    trial.explained.var["shap_selected"] = chosen


def lists_of_other_classes(trial: Trial) -> None:
    table = trial.explained.uns["tissueshap"]["select_genes"]["genes"]
    classes = list(dict.fromkeys(table["class"].astype(str)))
    following = dict(zip(classes, classes[1:] + classes[:1], strict=True))
    table["class"] = table["class"].astype(str).map(following)


def random_ranks(trial: Trial) -> None:
    frame = trial.explained.varm["shap_median"]
    frame.loc[:, :] = trial.rng.random(frame.shape)
    ranks = trial.explained.varm["shap_rank"]
    ranks.loc[:, :] = frame.rank(ascending=False).to_numpy()
    tl.select_genes(trial.explained)


def single_samples(trial: Trial) -> None:
    table = trial.explained.uns["tissueshap"]["shap"]["samples"]
    names = table["explained"].astype(str)
    lone = names.isin(sorted(set(names))[::3]) & names.duplicated()
    trial.explained.uns["tissueshap"]["shap"]["samples"] = table[~lone].reset_index(drop=True)
    trial.select()


def untrained_network(trial: Trial) -> None:
    *_, (_, _, network) = randomised(trial.model.network, seed=3)
    _explained_with(trial, network)


def constant_network(trial: Trial) -> None:
    network = keras().models.clone_model(trial.model.network)
    network.set_weights(trial.model.network.get_weights())
    last = [layer for layer in network.layers if layer.trainable_weights][-1]
    last.kernel.assign(1e-6 * np.asarray(last.kernel))
    _explained_with(trial, network)


def _explained_with(trial: Trial, network: Any) -> None:
    model = trial.model
    trial.model = Classifier(network, model.classes, model.genes, model.preset, model.history)
    trial.explain()
