"""Right and wrong situations, each with the check that must fail, stated before any is run.

A situation is made of a trial: a cohort with its network and its explanation. Wrong
explanations change what ``tl.shap``, ``tl.rank_genes`` or ``tl.select_genes`` wrote; wrong
data change the cohort before training; ``unseen`` ones cannot be recognised from inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import pp, tl
from tissueshap.adapters._random_weights import randomised
from tissueshap.explain import expected_gradients
from tissueshap.model import Classifier, Preset
from tissueshap.model._backend import keras

Kind = Literal["good", "wrong", "unseen"]

#: A network that predicts the mosaic well and explains it with noise (docs/trust.md).
NOISE = Preset(
    name="noise", standardise="genes", widths=(128,), batch_norm=None, dropout=0.3,
    label_smoothing=0.1, batch_size=64, min_steps=400, min_validation=100, retries=0,
)  # fmt: skip


@dataclass
class Trial:
    """A cohort, its network and its explanation.

    Attributes
    ----------
    adata
        Before training, with the rows of ``pp.oversample``.
    explained
        After ``tl.select_genes``; None before.
    model
        The classifier.
    rng
        Random numbers of this trial.
    """

    adata: AnnData
    model: Any = None
    explained: Any = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    @property
    def label(self) -> str:
        """The column of the classes."""
        return str(self.adata.uns["tissueshap"]["label"])

    def train(self, seed: int = 1, **how: Any) -> None:
        """Train one network on the cohort."""
        if "oversample" not in self.adata.uns["tissueshap"]:
            pp.oversample(self.adata, layer="log2", seed=seed)
        self.explained = self.adata.copy()
        self.model = tl.cnn(self.explained, seed=seed, **{"n_models": 1, **how})

    def explain(
        self, statistic: str = "median", samples: str = "test", n_draws: int = 200, **how: Any
    ) -> None:
        """Explain the held-out samples, rank and select."""
        tl.shap(
            self.explained, self.model, samples=samples, n_draws=n_draws, **{"target": "true"} | how
        )
        self.select(statistic)

    def select(self, statistic: str = "median") -> None:
        """Rank and select the genes again."""
        choice: Any = statistic
        tl.rank_genes(self.explained, statistic=choice)
        tl.select_genes(self.explained)

    @property
    def rows(self) -> np.ndarray:
        """Positions of the explained samples."""
        table = self.explained.uns["tissueshap"]["shap"]["samples"]
        return np.asarray(self.explained.obs_names.get_indexer(table["sample"].astype(str)))

    @property
    def targets(self) -> np.ndarray:
        """The class explained for each, as a number."""
        table = self.explained.uns["tissueshap"]["shap"]["samples"]
        return np.asarray(pd.Index(self.model.classes).get_indexer(table["explained"].astype(str)))

    def values(self) -> np.ndarray:
        """Return the values of the explained samples, in the AnnData's order of genes."""
        return np.asarray(self.explained.layers["shap"][self.rows])

    def put(self, values: np.ndarray) -> None:
        """Replace the values of the explained samples, and rank and select again."""
        self.explained.layers["shap"][self.rows] = values.astype(np.float32)
        self.select()

    def of(self, network: Any, targets: np.ndarray | None = None, n_draws: int = 100) -> np.ndarray:
        """Return the values of a network's explanation of the same samples."""
        x = np.asarray(self.explained.layers["log2"], dtype=np.float32)
        train = (self.explained.obs["split"] == "train").to_numpy()
        chosen = self.targets if targets is None else targets
        return expected_gradients(
            network, x[self.rows], x[train], chosen, n_draws=n_draws, seed=9
        ).values


@dataclass(frozen=True)
class Situation:
    """Something right or wrong.

    Attributes
    ----------
    kind
        ``"good"``, ``"wrong"``, or ``"unseen"``: wrong, and not to be recognised from inside.
    must
        The check that must fail; empty for those of the other kinds.
    make
        Changes the trial in place: before training if `before`, else after ``select_genes``.
    before
        Whether it changes the cohort, before training.
    train, explain
        Settings of the training and of the explanation.
    seeds
        Whether another network is trained for the check of that name.
    only
        The cohorts on which it is made; all of its level by default.
    """

    kind: Kind
    must: str = ""
    make: Callable[[Trial], None] = lambda _: None
    before: bool = False
    train: dict[str, Any] = field(default_factory=dict)
    explain: dict[str, Any] = field(default_factory=dict)
    seeds: bool = False
    only: tuple[str, ...] = ()


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


def shuffled_labels(trial: Trial) -> None:
    _relabel(trial, trial.rng.permutation(_classes(trial)))


def shuffled_training_labels(trial: Trial) -> None:
    classes, train = _classes(trial), _is(trial, "train")
    classes[train] = trial.rng.permutation(classes[train])
    _relabel(trial, classes)


def mixed_in_training(trial: Trial) -> None:
    """The labels of two classes are drawn at random among the training samples."""
    classes = _classes(trial)
    first, second = sorted(set(classes))[:2]
    mixed = np.isin(classes, [first, second]) & _is(trial, "train")
    classes[mixed] = trial.rng.permutation(classes[mixed])
    _relabel(trial, classes)


def one_class_under_two_names(trial: Trial) -> None:
    classes = _classes(trial)
    sizes = pd.Series(classes).value_counts()
    own = np.flatnonzero(classes == sizes.index[0])
    for name in ("train", "test"):
        part = own[_is(trial, name)[own]]
        classes[trial.rng.permutation(part)[::2]] = "another name"
    _relabel(trial, classes)


def names_swapped(trial: Trial) -> None:
    classes = _classes(trial)
    first, second = sorted(set(classes))[:2]
    swapped = {first: second, second: first}
    _relabel(trial, np.asarray([swapped.get(name, name) for name in classes], dtype=object))


def recorded_batch(trial: Trial) -> None:
    codes = pd.factorize(_classes(trial))[0]
    trial.adata.obs["plate"] = np.char.add("plate ", codes.astype(str))


def mostly_confounded(trial: Trial) -> None:
    codes = pd.factorize(_classes(trial))[0] % 3
    random = trial.rng.random(codes.size) < 0.2
    codes = np.where(random, trial.rng.integers(0, 3, codes.size), codes)
    trial.adata.obs["centre"] = np.char.add("centre ", codes.astype(str))


def unrecorded_batch(trial: Trial) -> None:
    """Each class was measured on its own day, which shifts a tenth of the genes."""
    x = np.asarray(trial.adata.layers["log2"], dtype=np.float32).copy()
    for name in sorted(set(classes := _classes(trial))):
        shift = np.where(trial.rng.random(x.shape[1]) < 0.1, trial.rng.normal(0, 2, x.shape[1]), 0)
        x[classes == name] += shift.astype(np.float32)
    trial.adata.layers["log2"] = x


def copies_held_out(trial: Trial) -> None:
    """Half of the held-out samples are training samples of their class, under other names."""
    x = np.asarray(trial.adata.layers["log2"]).copy()
    classes = _classes(trial)
    for place in np.flatnonzero(_is(trial, "test"))[::2]:
        own = np.flatnonzero(_is(trial, "train") & (classes == classes[place]))
        x[place] = x[trial.rng.choice(own)]
    trial.adata.layers["log2"] = x


def noise(trial: Trial) -> None:
    """60 samples of 15,000 genes, of three classes that do not differ."""
    n_samples, n_genes = 60, 15_000
    level = trial.rng.lognormal(4, 1.5, n_genes)
    counts = trial.rng.poisson(level * trial.rng.gamma(5, 0.2, (n_samples, n_genes)))
    obs = pd.DataFrame(
        {"tissue": np.repeat(["a", "b", "c"], n_samples // 3)},
        index=[f"s{number}" for number in range(n_samples)],
    )
    var = pd.DataFrame(index=[f"g{number}" for number in range(n_genes)])
    adata = AnnData(counts.astype(np.int32), obs=obs, var=var)
    adata.uns["tissueshap"] = {"label": "tissue"}
    pp.tmm(adata)
    pp.split(adata, n_test=6, seed=1)
    pp.log2(adata)
    trial.adata = adata


def small_offset(trial: Trial) -> None:
    """log2(CPM + 0.001) + 10, on which genes near 0 vary most."""
    pp.log2(trial.adata, offset=0.001, shift=10.0)


def _classes(trial: Trial) -> np.ndarray:
    return trial.adata.obs[trial.label].astype(str).to_numpy(dtype=object).copy()


def _is(trial: Trial, name: str) -> np.ndarray:
    return np.asarray(trial.adata.obs["split"].astype(str) == name)


def _relabel(trial: Trial, classes: np.ndarray) -> None:
    """Give the samples other classes, as if they had come with them: the split is kept."""
    trial.adata.obs[trial.label] = pd.Categorical(classes.astype(str))
    for entry in trial.adata.uns["tissueshap"].values():
        if isinstance(entry, dict):
            entry.pop("made_from", None)


#: The good situations.
GOOD = {
    "the default": Situation("good", seeds=True),
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
SITUATIONS = {**GOOD, **EXPLANATIONS, **DATA, **NETWORKS}
