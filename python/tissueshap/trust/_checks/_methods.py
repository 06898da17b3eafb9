"""The check of ``tl.trust`` that asks simple methods for the same genes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.selection import top
from tissueshap.trust import _probe
from tissueshap.trust._agreement import jaccard
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import Found
from tissueshap.trust._logistic import coefficients
from tissueshap.trust._trees import MAX_GENES, N_ROUNDS, tree_values
from tissueshap.trust._verdict import Row, more_than_none

#: How often chance gives a difference that counts, among the held-out samples.
_LEVEL = 0.05


def simple_scores(context: Context) -> dict[str, np.ndarray]:
    """Return what logistic regression and TreeSHAP score each gene, genes x classes."""
    x, codes = np.asarray(context.x[context.train]), context.codes[context.train]
    few = context.explained[context.few]
    return {
        "logistic regression": coefficients(x, codes),
        "TreeSHAP": tree_values(
            x,
            codes,
            np.asarray(context.x[few]),
            context.targets[context.few],
            len(context.classes),
            seed=context.numbers.seed,
        ),
    }


def methods(context: Context, scores: dict[str, np.ndarray]) -> Found:
    """Compare methods by how a classifier that is none of theirs does on their genes."""
    rng = np.random.default_rng([context.numbers.seed, 4])
    random = {
        f"random {number + 1}": rng.random(context.scores.shape)
        for number in range(context.numbers.n_random)
    }
    x, codes = np.asarray(context.x[context.train]), context.codes[context.train]
    x_test, codes_test = np.asarray(context.x[context.test]), context.codes[context.test]
    probed = {
        name: _probe.probe(values, x, codes, x_test, codes_test)
        for name, values in {**scores, **random}.items()
    }
    f1 = {name: each for name, (each, _) in probed.items()}
    chance = np.mean([f1.pop(name) for name in random], axis=0)
    ours = top(context.scores, context.n_ranks)
    table = pd.DataFrame(
        [
            {
                "method": name,
                "f1": float(f1[name].mean()),
                "jaccard_shap": jaccard(ours, top(values, context.n_ranks)),
            }
            for name, values in scores.items()
        ]
    )
    probes = pd.concat(
        [
            pd.DataFrame({"method": name, "n_ranks": _probe.RANKS, "f1": values})
            for name, values in {**f1, "random": chance}.items()
        ],
        ignore_index=True,
    )
    others = table[table["method"] != "SHAP"].set_index("method")["f1"]
    best, check = str(others.idxmax()), CHECKS["methods"]
    # How many more of the numbers of genes predict a sample correctly.
    gain = (probed[best][1] * 1.0 - probed["SHAP"][1]).mean(axis=0)
    by_chance = more_than_none(gain, np.arange(gain.size), level=_LEVEL)
    row = Row(
        check="methods",
        question=check.question,
        measure=f"macro F1 of nearest centroids on each class's first {_probe.RANKS[0]} to "
        f"{_probe.RANKS[-1]} genes",
        value=float(f1["SHAP"].mean()),
        chance=float(chance.mean()),
        threshold=float(others[best]) - max(check.threshold, 1 / context.test.size, by_chance),
        reason=f"best simple method: {best}, {others[best]:.3f}; trees: {N_ROUNDS} "
        f"rounds on the {min(MAX_GENES, len(context.genes)):,} genes that differ most",
    )
    return [row], {"methods": table, "probes": probes}
