"""The checks of ``tl.trust``, each declared once: all that is stated of one reads this table."""

from __future__ import annotations

from dataclasses import dataclass

#: Of two lists of genes, and of two rankings.
AGREEMENTS = {
    "jaccard": "genes in both of two lists, of those in either (Jaccard index)",
    "rbo": "agreement of two rankings, the first genes above all (rank-biased overlap)",
}
#: Why two selections must agree half way from chance (0) to identity (1).
_HALF_WAY = (
    "If almost nothing is shared by chance, a Jaccard index of 0.5 means that both share two "
    "thirds of each selection, and a rank-biased overlap of 0.5 that the genes which a reader "
    "looks at agree more than they differ. Random halves of all genes have an index of 0.33; the "
    "threshold is then 0.67."
)
#: Why it is a third of the way for networks trained again, on other seeds or samples.
_A_THIRD = (
    "Correlated genes can replace each other, so two equally good networks differ more than two "
    "explanations of one. An index of 1/3 means that both lists share half of their genes."
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a row of the table of trust asks.

    Attributes
    ----------
    question, measure
        In words.
    threshold
        The number on which the verdict turns; the check's function says how, for example
        beyond chance.
    why
        The reason for this number.
    """

    question: str
    measure: str
    threshold: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Check(Question):
    """A check of ``tl.trust``.

    Attributes
    ----------
    quick
        Whether it belongs to ``checks="quick"``.
    full
        Whether it belongs to ``checks="full"``; the others are made on request by name.
    trains
        Whether it trains networks, unless the table is quick: it then takes those of which the
        model is the mean, if it is one.
    record
        The record that it reads in addition to those of the explanation.
    also
        The question of its second row, if there is one.
    needs
        What it cannot be made without: ``"probabilities"`` (a model), ``"values"`` (of
        samples), ``"sums"`` (what the values add up from), ``"explaining"`` (a way to explain
        a model again), ``"weights"`` (layers that can be drawn again), ``"training"``,
        ``"layouts"`` (of the genes, to train with), ``"recorded"`` (an explanation in the
        AnnData, from which other verbs have worked). The row gives the reason if one of them
        is not there (``Context.lacks``).
    """

    quick: bool = True
    full: bool = True
    trains: bool = False
    record: str | None = None
    also: Question | None = None
    needs: tuple[str, ...] = ()


#: By name, in the order of the table.
CHECKS = {
    "completeness": Check(
        needs=("values", "sums"),
        question="Do the values add up?",
        measure="median relative error of a sample's sum of values",
        threshold=0.05,
        why="On the cohorts on which thresholds were set, 200 draws of sound networks gave "
        "0.02, wrong values 0.39 and more.",
    ),
    "repeat": Check(
        needs=("values", "explaining"),
        question="Does explaining again give the same genes?",
        measure="genes in both of two lists, of those in either, of the class that agrees least",
        threshold=1 / 4,
        why="An index of 1/4 means that both lists share two genes of five. On the cohorts on "
        "which thresholds were set, sound values gave 0.60 and more, wrong ones at most 0.12.",
    ),
    "lists": Check(
        needs=("values",),
        question="Are the selected genes those of the highest values?",
        measure="share of a class's selected genes that the layer's values rank first, the least",
        threshold=0.99,
        why="Lists that are made from the values are the same; only ties may differ.",
    ),
    "coverage": Check(
        needs=("values",),
        question="Are enough samples of each class explained?",
        measure="share of the classes with at least three explained samples",
        threshold=0.95,
        why="The genes of fewer samples cannot be told from the accidents of these samples; one "
        "class in twenty may lack them.",
    ),
    "performance": Check(
        needs=("probabilities",),
        question="Are held-out samples predicted better than by chance?",
        measure="macro F1 on the held-out samples, compared with permuted labels",
        threshold=0.05,
        why="The usual level of a permutation test.",
        also=Question(
            question="Is each class distinguished from every other?",
            measure="share of the classes that are not confused with the class closest to them",
            threshold=0.95,
            why="One class in twenty may be like another. A class counts as confused if Fisher's "
            "test does not distinguish it and it is predicted for its own samples less than half "
            "of the time more often than for the other's.",
        ),
    ),
    "leak": Check(
        question="Are the held-out samples new to the model?",
        measure="share of the held-out samples that are among the training samples",
        threshold=0.01,
        why="One sample in a hundred changes no score that a reader would act on.",
    ),
    "confounding": Check(
        question="Does no other column of the samples go with the class?",
        measure="association of the class with a column of the samples (Cramér's V), the largest",
        threshold=0.5,
        why="Half of the way from independent columns (0) to one that gives the class away (1).",
    ),
    "covariates": Check(
        question="Do the genes say nothing of other columns, within a class?",
        measure="prediction of a column from a class's genes, from chance (0) to perfect (1): the "
        "mean over the classes, the largest that permutations do not reach",
        threshold=0.5,
        why="Half of the way to genes that give the column away.",
        quick=False,
        also=Question(
            question="Do other columns leave the values alone, within a class?",
            measure="share of the variance of the selected genes' values that a column explains "
            "(adjusted R squared), the largest",
            threshold=0.5,
            why="Half of what varies between the samples of a class.",
        ),
    ),
    "contamination": Check(
        question="Are the lists free of genes of sex, blood, quality and other classes?",
        measure="share of the selected genes that are of such a family, or of another class at a "
        "low level",
        threshold=0.1,
        why="One gene of a list of ten.",
    ),
    "use": Check(
        needs=("probabilities",),
        question="Does the model use these genes?",
        measure="area between deletion and insertion curves of SHAP and random genes",
        threshold=0.1,
        why="A tenth of the area corresponds to a model that loses its class after 2.5 times fewer "
        "genes (of 10,000).",
        also=Question(
            question="Does it use them more than differentially expressed ones?",
            measure="area between deletion and insertion curves of SHAP and DE genes",
            threshold=0.05,
            why="As many classes exceed it by chance in one of 20 tables.",
        ),
    ),
    "randomisation": Check(
        needs=("values", "explaining", "weights"),
        question="Do the values come from the learned weights?",
        measure="rank correlation of absolute values with this network's, less that with those of "
        "random weights",
        threshold=0.2,
        why="Values that depend on the data or the architecture alone agree with any weights "
        "equally well. On the cohorts on which thresholds were set, sound values gave 0.28 and "
        "more, distances of the genes from their means at most 0.12.",
    ),
    "specificity": Check(
        question="Do the genes mark their class on held-out samples?",
        measure="share of a class's selected genes that stand out in it more than nine in "
        "ten others of similar expression",
        threshold=0.5,
        why="Half way from chance to all of them, as selections must agree.",
    ),
    "bootstrap": Check(
        needs=("values",),
        question="Do other explained samples give the same genes?",
        measure=AGREEMENTS["jaccard"],
        threshold=0.5,
        why=_HALF_WAY,
    ),
    "seeds": Check(
        needs=("values", "explaining", "training"),
        question="Does another training give the same genes?",
        measure=AGREEMENTS["jaccard"],
        threshold=1 / 3,
        why=_A_THIRD,
        trains=True,
    ),
    "folds": Check(
        needs=("values", "explaining", "training"),
        question="Do other training samples give the same genes?",
        measure=AGREEMENTS["jaccard"],
        threshold=1 / 3,
        why=_A_THIRD,
        quick=False,
        trains=True,
    ),
    "modules": Check(
        needs=("values", "explaining", "training"),
        question="Does another training give the same modules of genes?",
        measure="modules of co-expressed genes in both of two lists, of those in either",
        threshold=1 / 2,
        why="More than for single genes, of which a network may choose any of those that go "
        "together. On the cohorts on which thresholds were set, a sound model gave 0.79, one of "
        "noise 0.35.",
        trains=True,
    ),
    "cohort": Check(
        needs=("recorded",),
        question="Does another cohort give the same genes?",
        measure=AGREEMENTS["jaccard"],
        threshold=0.5,
        why=_HALF_WAY,
        record="stability",
    ),
    "order": Check(
        needs=("values", "explaining", "training", "layouts"),
        question="Does another layout of the genes give the same ones?",
        measure=AGREEMENTS["jaccard"],
        threshold=0.05,
        why="Loss of agreement that is allowed for other layouts, beyond that of another training.",
        quick=False,
        trains=True,
    ),
    "methods": Check(
        question="Are the genes as good as those of simple methods?",
        measure="macro F1 of nearest centroids on each class's first genes",
        threshold=0.01,
        why="Difference in macro F1 up to which SHAP counts as being as good as the best simple "
        "method: that of one test sample in a hundred, or of one sample if there are fewer, or as "
        "much as the samples differ by chance in one of 20 tables.",
        quick=False,
    ),
    "explainers": Check(
        needs=("values", "probabilities"),
        question="Does no other way of explaining this model find genes that matter more to it?",
        measure="fall of a class's log-odds when its first genes are set to their mean",
        threshold=0.1,
        why="A tenth of what the best other way gains over random genes is a matter of the "
        "samples.",
        quick=False,
    ),
    "sensitivity": Check(
        needs=("values", "explaining"),
        question="Do replicates have the same values?",
        measure="largest relative change of a sample's values with noise as between replicates, "
        "the median",
        threshold=0.5,
        why="Half way to values that have nothing to do with each other.",
        quick=False,
    ),
    "necessity": Check(
        needs=("probabilities", "training"),
        question="Is training on these genes alone better than on random ones?",
        measure="macro F1 of a model trained on each class's first gene alone, less that on random "
        "genes",
        threshold=0.01,
        why="That of one held-out sample in a hundred, and more than as many samples differ by "
        "chance in one of 20 tables.",
        also=Question(
            question="Does training without these genes lose more than without random ones?",
            measure="macro F1 without random genes, less that without these genes",
            threshold=0.01,
            why="That of one held-out sample in a hundred, and more than as many samples differ "
            "by chance in one of 20 tables.",
        ),
        quick=False,
        full=False,
        trains=True,
    ),
    "permutations": Check(
        needs=("explaining", "training"),
        question="Do the genes exceed all genes of models of permuted labels?",
        measure="share of the selected genes with a family-wise p-value of at most 0.05 (maxT)",
        threshold=0.5,
        why="Half of the genes, as two lists of one class must share half of them.",
        quick=False,
        full=False,
        trains=True,
    ),
    "knockoffs": Check(
        question="Do the genes tell more than their knockoffs?",
        measure="share of the selected genes that the knockoff filter discovers",
        threshold=0.5,
        why="Half of the genes. The filter asks for what a gene tells beyond all others, so a "
        "gene that others can replace is not discovered.",
        also=Question(
            question="Is the false discovery rate that which is stated, on planted truth?",
            measure="false share of what the knockoff filter discovers, on planted truth",
            threshold=0.2,
            why="The false discovery rate of the filter.",
        ),
        quick=False,
        full=False,
    ),
    "truth": Check(
        question="Are the genes right?",
        measure="share of the selected genes that are planted markers",
        threshold=0.8,
        why="Required of the default preset on the simulated compendium.",
        also=Question(
            question="Do they find what marks one class?",
            measure="recall of the exclusive markers",
            threshold=0.9,
            why="Required of the default preset on the simulated compendium.",
        ),
    ),
    "clusters": Check(
        needs=("recorded",),
        question="Do the genes cluster the classes?",
        measure="V-measure of the clusters, compared with random gene sets",
        threshold=0.05,
        why="The usual level of an empirical p-value, among random gene sets.",
        record="null_test",
    ),
}
#: The checks of each level of `checks`.
LEVELS = {
    "quick": tuple(name for name, check in CHECKS.items() if check.quick),
    "full": tuple(name for name, check in CHECKS.items() if check.full),
}
