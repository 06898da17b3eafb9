"""Checks of ``tl.trust`` on the values: each returns rows and tables, and trains nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.selection import orders
from tissueshap.trust import _curves, _randomisation, _verdict
from tissueshap.trust._agreement import spearman
from tissueshap.trust._checks._context import Context, without_constant
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import Found
from tissueshap.trust._ranking import by_class
from tissueshap.trust._verdict import Row

#: If an output differs by less than this from its mean over the background, there is nothing
#: to explain, and a relative error is meaningless.
_LEAST_CHANGE = 0.01
#: Times that the weights are drawn again.
_RANDOM_NETWORKS = 2
#: Draws for explanations of random weights, of which only the rank correlation with the given
#: values is needed.
_RANDOM_DRAWS = 50
#: Draws of what replaces a gene.
_FILLS = 3


def completeness(context: Context) -> Found:
    """Compare each sample's sum of values with the change that they explain."""
    table = context.completeness
    change = np.abs(table["output"].to_numpy(float) - table["base"].to_numpy(float))
    errors = table["completeness"].to_numpy(float)[change >= _LEAST_CHANGE]
    row = Row(
        check="completeness",
        question=CHECKS["completeness"].question,
        measure=CHECKS["completeness"].measure,
        value=float(np.median(errors)) if errors.size else np.nan,
        chance=1.0,
        threshold=CHECKS["completeness"].threshold,
        higher=False,
        reason=f"{errors.size} samples; chance: values that are all 0; more n_draws bring it down"
        if errors.size
        else "no explained output differs from its mean over the background",
    )
    return [row], {}


def use(context: Context, scores: dict[str, np.ndarray]) -> Found:
    """Take genes away and bring them back, in the order of each method and of chance."""
    curves = curves_of(context, scores)
    numbers = _curves.steps(len(context.genes))
    chance = [curves.pop(name) for name in list(curves) if name not in scores]
    random = (np.mean([d for d, _ in chance], axis=0), np.mean([i for _, i in chance], axis=0))
    spread = max(abs(float(_curves.gain(both, random, numbers).mean())) for both in chance)
    gains = {
        name: float(_curves.gain(both, random, numbers).mean()) for name, both in curves.items()
    }
    every = {**curves, "random": random}
    tables = [_curves.table(name, numbers, both) for name, both in every.items()]
    rows = [
        Row(
            check="use",
            question=CHECKS["use"].question,
            measure=CHECKS["use"].measure,
            value=gains["SHAP"],
            chance=spread,
            threshold=CHECKS["use"].threshold,
            reason=f"{context.few.size} samples; chance: the most of {len(chance)} random orders",
        )
    ]
    also = CHECKS["use"].also
    if "DE" in curves and also is not None:
        gain = _curves.gain(curves["SHAP"], curves["DE"], numbers)
        rows.append(
            Row(
                check="use",
                question=also.question,
                measure=also.measure,
                value=float(gain.mean()),
                chance=0.0,
                threshold=_verdict.more_than_none(
                    gain, context.targets[context.few], level=also.threshold
                ),
                reason="0: genes chosen without looking at the model do as well; threshold: what "
                "as many classes reach by chance in one of 20 tables",
            )
        )
    table = pd.DataFrame({"method": list(gains), "gain": list(gains.values())})
    return rows, {"curves": pd.concat(tables, ignore_index=True), "gains": table}


def curves_of(
    context: Context, lists: dict[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return deletion and insertion of some scorings of the genes, and of random ones."""
    numbers = context.numbers
    targets = context.targets[context.few]
    x = np.asarray(context.x[context.explained[context.few]], dtype=np.float32)
    background = np.asarray(context.x[context.train], dtype=np.float32)
    if numbers.replacement == "mean":
        fill = np.broadcast_to(background.mean(axis=0), (1, *x.shape))
    else:
        fill = _curves.fills(
            background, context.codes[context.train], targets, n_fills=_FILLS, seed=numbers.seed
        )
    rng = np.random.default_rng([numbers.seed, 2])
    # A class that a method does not rank is left to chance, not to the order of the genes.
    chance = rng.random(context.scores.shape)
    ordered = {
        name: orders(np.where(np.isnan(scores).all(axis=0), chance, scores))
        for name, scores in lists.items()
    }
    for number in range(numbers.n_random):
        ordered[f"random {number + 1}"] = orders(rng.random(context.scores.shape))
    predict = context.predict()
    return {name: _curves.curve(predict, x, targets, o, fill) for name, o in ordered.items()}


def randomisation(context: Context) -> Found:
    """Forget the weights, from the output down, and compare the values."""
    original = context.values[context.few]
    targets, n_classes = context.targets[context.few], len(context.classes)
    before = (
        without_constant(by_class(original, targets, n_classes)),
        by_class(np.abs(original), targets, n_classes),
    )
    background = context.background()
    ranked = np.flatnonzero(~np.isnan(before[0]).any(axis=0))
    records = []
    for replicate in range(_RANDOM_NETWORKS):
        seed = context.numbers.seed + replicate
        cascade = _randomisation.randomised(context.model.network, seed=seed)
        for number, name, network in cascade:
            values = context.explain(network, n_draws=_RANDOM_DRAWS, background=background)
            after = (
                by_class(values, targets, n_classes),
                by_class(np.abs(values), targets, n_classes),
            )
            records += [
                {
                    "n_layers": number,
                    "layer": name,
                    "replicate": replicate + 1,
                    "class": context.classes[code],
                    "correlation": spearman(before[0][:, code], after[0][:, code]),
                    "correlation_abs": spearman(before[1][:, code], after[1][:, code]),
                }
                for code in ranked
            ]
    columns = ["n_layers", "layer", "replicate", "class", "correlation", "correlation_abs"]
    table = pd.DataFrame(records, columns=columns)
    last = table.loc[table["n_layers"] == table["n_layers"].max(), "correlation"].abs()
    # Of two unrelated rankings of n genes the correlation is normal with variance 1/(n-1).
    chance = float(np.sqrt(2 / np.pi / (len(context.genes) - 1)))
    row = Row(
        check="randomisation",
        question=CHECKS["randomisation"].question,
        measure=CHECKS["randomisation"].measure,
        value=float(last.mean()) if len(last) else np.nan,
        chance=chance,
        threshold=chance + CHECKS["randomisation"].threshold,
        higher=False,
        reason="absolute value, mean over the classes; chance: of unrelated rankings"
        if len(last)
        else "no class has values that differ between genes",
    )
    return [row], {"randomisation": table}
