"""Wrong data: labels, batches and copies, before a network is trained."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap import pp
from verdicts.trial import Trial, noise_data, relabel


def shuffled_labels(trial: Trial) -> None:
    relabel(trial, trial.rng.permutation(trial.classes()))


def shuffled_training_labels(trial: Trial) -> None:
    classes, train = trial.classes(), trial.is_part("train")
    classes[train] = trial.rng.permutation(classes[train])
    relabel(trial, classes)


def mixed_in_training(trial: Trial) -> None:
    """The labels of two classes are drawn at random among the training samples."""
    classes = trial.classes()
    first, second = sorted(set(classes))[:2]
    mixed = np.isin(classes, [first, second]) & trial.is_part("train")
    classes[mixed] = trial.rng.permutation(classes[mixed])
    relabel(trial, classes)


def one_class_under_two_names(trial: Trial) -> None:
    classes = trial.classes()
    sizes = pd.Series(classes).value_counts()
    own = np.flatnonzero(classes == sizes.index[0])
    for name in ("train", "test"):
        part = own[trial.is_part(name)[own]]
        classes[trial.rng.permutation(part)[::2]] = "another name"
    relabel(trial, classes)


def names_swapped(trial: Trial) -> None:
    classes = trial.classes()
    first, second = sorted(set(classes))[:2]
    swapped = {first: second, second: first}
    relabel(trial, np.asarray([swapped.get(name, name) for name in classes], dtype=object))


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
