"""Right and wrong situations, each with the check that must fail, stated before any is run.

A situation is made of a trial: a cohort with its network and its explanation. Wrong
explanations change what ``tl.shap``, ``tl.rank_genes`` or ``tl.select_genes`` wrote; wrong
data change the cohort before training; ``unseen`` ones cannot be recognised from inside.
Models of other packages are in ``foreign.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tissueshap import pp, tl
from tissueshap.adapters._random_weights import randomised
from tissueshap.model import Classifier, Preset
from tissueshap.model._backend import keras
from verdicts.foreign import FOREIGN_GOOD, FOREIGN_NOISE, FOREIGN_WRONG
from verdicts.trial import Situation, Trial, noise_data

#: A network that predicts the mosaic well and explains it with noise (docs/trust.md).
NOISE = Preset(
    name="noise", standardise="genes", widths=(128,), batch_norm=None, dropout=0.3,
    label_smoothing=0.1, batch_size=64, min_steps=400, min_validation=100, retries=0,
)  # fmt: skip


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


def clustered(trial: Trial) -> None:
    """Cluster the samples by the selected genes, and by 19 random sets of as many."""
    tl.null_test(trial.explained, n_sets=19, n_starts=2, on="expression")


def random_genes_clustered(trial: Trial) -> None:
    chosen = trial.explained.var["shap_selected"].to_numpy()
    trial.explained.var["shap_selected"] = trial.rng.permutation(chosen)
    clustered(trial)


def another_cohort(trial: Trial) -> None:
    """Compare the genes with those of other samples, with a network of their own."""
    _compared_with(trial, trial.other())


def another_cohort_of_shuffled_labels(trial: Trial) -> None:
    other = trial.other()
    shuffled_training_labels(other)
    _compared_with(trial, other)


def _compared_with(trial: Trial, other: Trial) -> None:
    other.train(seed=2)
    other.explain()
    tl.stability(trial.explained, other.explained)


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


def shuffled_labels(trial: Trial) -> None:
    _relabel(trial, trial.rng.permutation(trial.classes()))


def shuffled_training_labels(trial: Trial) -> None:
    classes, train = trial.classes(), trial.is_part("train")
    classes[train] = trial.rng.permutation(classes[train])
    _relabel(trial, classes)


def mixed_in_training(trial: Trial) -> None:
    """The labels of two classes are drawn at random among the training samples."""
    classes = trial.classes()
    first, second = sorted(set(classes))[:2]
    mixed = np.isin(classes, [first, second]) & trial.is_part("train")
    classes[mixed] = trial.rng.permutation(classes[mixed])
    _relabel(trial, classes)


def one_class_under_two_names(trial: Trial) -> None:
    classes = trial.classes()
    sizes = pd.Series(classes).value_counts()
    own = np.flatnonzero(classes == sizes.index[0])
    for name in ("train", "test"):
        part = own[trial.is_part(name)[own]]
        classes[trial.rng.permutation(part)[::2]] = "another name"
    _relabel(trial, classes)


def names_swapped(trial: Trial) -> None:
    classes = trial.classes()
    first, second = sorted(set(classes))[:2]
    swapped = {first: second, second: first}
    _relabel(trial, np.asarray([swapped.get(name, name) for name in classes], dtype=object))


def recorded_batch(trial: Trial) -> None:
    codes = pd.factorize(trial.classes())[0]
    trial.adata.obs["plate"] = np.char.add("plate ", codes.astype(str))


def mostly_confounded(trial: Trial) -> None:
    codes = pd.factorize(trial.classes())[0] % 3
    random = trial.rng.random(codes.size) < 0.2
    codes = np.where(random, trial.rng.integers(0, 3, codes.size), codes)
    trial.adata.obs["centre"] = np.char.add("centre ", codes.astype(str))


def unrecorded_batch(trial: Trial) -> None:
    """Each class was measured on its own day, which shifts a tenth of the genes."""
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32).copy()
    for name in sorted(set(classes := trial.classes())):
        shift = np.where(trial.rng.random(x.shape[1]) < 0.1, trial.rng.normal(0, 2, x.shape[1]), 0)
        x[classes == name] += shift.astype(np.float32)
    trial.adata.layers["log2"] = x


def copies_held_out(trial: Trial) -> None:
    """Half of the held-out samples are training samples of their class, under other names."""
    x = np.asarray(trial.adata.layers["log2"]).copy()
    classes = trial.classes()
    for place in np.flatnonzero(trial.is_part("test"))[::2]:
        own = np.flatnonzero(trial.is_part("train") & (classes == classes[place]))
        x[place] = x[trial.rng.choice(own)]
    trial.adata.layers["log2"] = x


def noise(trial: Trial) -> None:
    trial.adata = noise_data(trial.rng)


def small_offset(trial: Trial) -> None:
    """log2(CPM + 0.001) + 10, on which genes near 0 vary most."""
    pp.log2(trial.adata, offset=0.001, shift=10.0)


def _relabel(trial: Trial, classes: np.ndarray) -> None:
    """Give the samples other classes, as if they had come with them: the split is kept."""
    trial.adata.obs[trial.label] = pd.Categorical(classes.astype(str))
    for entry in trial.adata.uns["tissueshap"].values():
        if isinstance(entry, dict):
            entry.pop("made_from", None)


#: The good situations.
GOOD = {
    "the default": Situation("good", also=("seeds", "folds", "methods")),
    "another seed": Situation("good", train={"seed": 11}),
    "against the other classes": Situation("good", explain={"background": "others"}),
    "ranked by the mean": Situation("good", explain={"statistic": "mean"}),
}
#: Wrong explanations of a good network.
EXPLANATIONS = {
    "values permuted over the genes": Situation("wrong", "repeat", permuted_genes),
    "values permuted within each sample": Situation("wrong", "repeat", permuted_in_samples),
    "values of an untrained network": Situation("wrong", "repeat", untrained_values),
    "values of a network of shuffled labels": Situation(
        "wrong", "repeat", values_of_shuffled_labels
    ),
    "values of another class": Situation("wrong", "repeat", values_of_another_class),
    "values of other samples": Situation("wrong", "repeat", values_of_other_samples),
    "Gaussian noise as values": Situation("wrong", "repeat", gaussian_values),
    "values with their signs turned": Situation("wrong", "repeat", signs_turned),
    "the same values for all classes": Situation("wrong", "repeat", the_same_for_all_classes),
    "distance of each gene from its mean": Situation(
        "wrong", "randomisation", distance_from_the_mean
    ),
    "values with tenfold noise": Situation("wrong", "completeness", tenfold_noise),
    "values doubled": Situation("wrong", "completeness", doubled),
    "two draws of each sample": Situation("wrong", "completeness", explain={"n_draws": 2}),
    "half of the list random": Situation("wrong", "lists", half_random_list),
    "lists of other classes": Situation("wrong", "lists", lists_of_other_classes),
    "random ranks": Situation("wrong", "lists", random_ranks),
    "classes with one explained sample": Situation("wrong", "coverage", single_samples),
    "an untrained network": Situation("wrong", "performance", untrained_network),
    "a network that ignores its input": Situation("wrong", "performance", constant_network),
}
#: Wrong data.
DATA = {
    "labels shuffled": Situation("wrong", "performance", shuffled_labels, before=True),
    "training labels shuffled": Situation(
        "wrong", "performance", shuffled_training_labels, before=True
    ),
    "two classes mixed in training": Situation(
        "wrong", "performance", mixed_in_training, before=True
    ),
    "one class under two names": Situation(
        "wrong", "performance", one_class_under_two_names, before=True
    ),
    "a batch for each class, recorded": Situation(
        "wrong", "confounding", recorded_batch, before=True
    ),
    "a centre that goes with the class in 80 %": Situation(
        "wrong", "confounding", mostly_confounded, before=True
    ),
    "copies of training samples held out": Situation("wrong", "leak", copies_held_out, before=True),
    "60 samples of noise": Situation(
        "wrong",
        "performance",
        noise,
        before=True,
        only=("compendium, first tissues", "compendium, other tissues"),
    ),
    "two names swapped": Situation("unseen", make=names_swapped, before=True),
    "a batch for each class, not recorded": Situation("unseen", make=unrecorded_batch, before=True),
}
#: Networks that predict well and explain with noise.
NETWORKS = {
    f"noise that predicts well, seed {seed}": Situation(
        "wrong",
        "specificity",
        small_offset,
        before=True,
        train={"preset": NOISE, "seed": seed},
        only=("mosaic",),
    )
    for seed in (42, 7)
}
#: Checks that read what another verb recorded, or compare with other methods.
RECORDS = {
    "clusters of the selected genes": Situation("good", make=clustered, also=("clusters",)),
    "clusters of random genes": Situation(
        "wrong", "clusters", random_genes_clustered, also=("clusters",)
    ),
    "values permuted over the genes, compared with other methods": Situation(
        "wrong", "methods", permuted_genes, also=("methods",)
    ),
}
#: Checks that compare with another cohort.
OTHERS = {
    "another cohort": Situation("good", make=another_cohort, also=("cohort",)),
    "another cohort of shuffled labels": Situation(
        "wrong", "cohort", another_cohort_of_shuffled_labels, also=("cohort",)
    ),
}
SITUATIONS = {
    **GOOD,
    **EXPLANATIONS,
    **DATA,
    **NETWORKS,
    **FOREIGN_GOOD,
    **FOREIGN_WRONG,
    **FOREIGN_NOISE,
    **RECORDS,
    **OTHERS,
}
