"""Right and wrong situations, each with the check that must fail, stated before any is run.

A situation is made of a trial: a cohort with its network and its explanation. Wrong
explanations (``wrong_values.py``) change what ``tl.shap``, ``tl.rank_genes`` or
``tl.select_genes`` wrote; wrong data (``wrong_data.py``) change the cohort before training;
``unseen`` ones cannot be recognised from inside. Models of other packages are in
``foreign.py``, the situations of checks that a quick table does not make in ``full.py``.
"""

from __future__ import annotations

from tissueshap import tl
from tissueshap.model import Preset
from verdicts.foreign import FOREIGN_GOOD, FOREIGN_NOISE, FOREIGN_WRONG
from verdicts.full import (
    ADDED_GOOD,
    ADDED_WRONG,
    FOURTH,
    FULL_DATA,
    FULL_EXPLANATIONS,
    FULL_FOREIGN,
    FULL_GOOD,
    FULL_NOISE,
)
from verdicts.trial import Situation, Trial
from verdicts.wrong_data import (
    copies_held_out,
    mixed_in_training,
    mostly_confounded,
    names_swapped,
    noise,
    one_class_under_two_names,
    recorded_batch,
    shuffled_labels,
    shuffled_training_labels,
    small_offset,
    unrecorded_batch,
)
from verdicts.wrong_values import (
    constant_network,
    distance_from_the_mean,
    doubled,
    gaussian_values,
    half_random_list,
    lists_of_other_classes,
    permuted_genes,
    permuted_in_samples,
    random_ranks,
    signs_turned,
    single_samples,
    tenfold_noise,
    the_same_for_all_classes,
    untrained_network,
    untrained_values,
    values_of_another_class,
    values_of_other_samples,
    values_of_shuffled_labels,
)

#: A network that predicts the mosaic well and explains it with noise (docs/trust.md).
NOISE = Preset(
    name="noise", standardise="genes", widths=(128,), batch_norm=None, dropout=0.3,
    label_smoothing=0.1, batch_size=64, min_steps=400, min_validation=100, retries=0,
)  # fmt: skip


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
    **FULL_GOOD,
    **FULL_EXPLANATIONS,
    **FULL_DATA,
    **FULL_FOREIGN,
    **FULL_NOISE,
    **ADDED_GOOD,
    **ADDED_WRONG,
    **FOURTH,
}
