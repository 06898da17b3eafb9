"""The check of ``tl.trust`` by permuted labels: a p-value for each gene of each class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._networks import Networks, digest_of
from tissueshap.trust._checks._refit import (
    consistency,
    consistency_of_labels,
    explained_as,
    names_of,
    recognised,
)
from tissueshap.trust._checks._rows import Found, absent
from tissueshap.trust._permuted import LEVEL, permutation_pvalues
from tissueshap.trust._verdict import Row

#: Held-out samples that a class must have. On the cohorts on which thresholds were set, the genes
#: of sound models exceeded those of permuted labels in 0.98 of all cases with eight, in 0.28 with
#: five.
_LEAST_SAMPLES = 8


def permutations(context: Context, networks: Networks) -> Found:
    """Train again on permuted labels, and compare how consistent each gene's values are.

    A class is tested first, by how probable its own samples are to the model, and its genes only
    if it passes: the family-wise error rate of the class is that of either test.
    """
    number, seed = context.numbers.n_permutations, context.numbers.seed
    if number < _least(LEVEL):
        reason = f"{number} permutations cannot give a p-value of {LEVEL}"
        return [absent("permutations", f"{reason}: n_permutations={_least(LEVEL)} or more")], {}
    _announce(context)
    own = explained_as(context, context.codes)
    sizes = np.bincount(own.targets, minlength=len(context.classes))
    if (sizes < _LEAST_SAMPLES).all():
        reason = f"no class has {_LEAST_SAMPLES} held-out samples: too few to vary less than chance"
        return [absent("permutations", reason)], {}
    observed = consistency(context.model, context.background(), own)
    observed[:, sizes < _LEAST_SAMPLES] = np.nan

    def prepared(draw: int) -> tuple[Any, ...]:
        codes = permuted(context, seed=seed, number=draw)
        return names_of(context, codes), seed + draw, explained_as(context, codes)

    null = networks.results(
        "permutations",
        consistency_of_labels,
        prepared,
        range(1, number + 1),
        shared=(networks.again, context.train, own),
        explained=digest_of(own.x, own.targets, context.test, context.codes),
        with_classes=True,
    )
    found = permutation_pvalues(observed, np.stack(null)[:, :-1])
    # Genes of a real class are alike in its samples whatever the model has learned: they count
    # only in a class that the model knows better than models of permuted labels do.
    own_class = recognised(context.model, own)[None]
    of_class = permutation_pvalues(own_class, np.stack(null)[:, -1:]).pvalues
    listed = top(context.scores, context.n_ranks)
    genes, classes = np.nonzero(listed)
    table = pd.DataFrame(
        {
            "class": np.asarray(context.classes)[classes],
            "gene": context.genes[genes],
            "value": observed[genes, classes],
            "pvalue": found.pvalues[genes, classes],
            "maxt": np.maximum(found.maxt, of_class)[genes, classes],
            "fdr": found.fdr[genes, classes],
        }
    ).dropna(subset="pvalue")
    if table.empty:
        return [absent("permutations", "no selected gene has a value of held-out samples")], {}
    table = table.sort_values(["class", "value"], ascending=[True, False], ignore_index=True)
    good = (table["maxt"] <= LEVEL).groupby(table["class"]).mean()
    row = Row(
        check="permutations",
        question=CHECKS["permutations"].question,
        measure=CHECKS["permutations"].measure,
        value=float((table["maxt"] <= LEVEL).mean()),
        chance=LEVEL,
        threshold=CHECKS["permutations"].threshold,
        reason=f"{len(table)} pairs of gene and class, {number} permutations; least: "
        f"{good.idxmin()}, {good.min():.2f}; {_known(of_class)}",
    )
    return [row], {"permutations": table}


def _known(pvalues: np.ndarray) -> str:
    n_known = int((pvalues <= LEVEL).sum())
    return f"{n_known} classes are known better than to models of permuted labels"


def _least(level: float) -> int:
    """Return the number of permutations whose smallest p-value is a level."""
    return round(1 / level) - 1


def permuted(context: Context, *, seed: int, number: int) -> np.ndarray:
    """Return each sample's class after a permutation of the training and the held-out ones."""
    rng = np.random.default_rng([seed, 14, number])
    codes = np.full_like(context.codes, -1)
    for part in (context.train, context.test):
        codes[part] = rng.permutation(context.codes[part])
    return codes


def _announce(context: Context) -> None:
    number, seconds = context.numbers.n_permutations, context.model.seconds
    took = "" if seconds is None else f", about {number * seconds:,.0f} s and the explanations"
    logger.info("permutations: %d trainings on permuted labels%s", number, took)
