"""Checks of ``tl.trust`` on the values: each returns rows and tables, and trains nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.selection import orders
from tissueshap.adapters import SIDES
from tissueshap.trust import _curves, _stability, _verdict
from tissueshap.trust._agreement import jaccard_by_chance, spearman
from tissueshap.trust._checks._context import Context, without_constant
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._deletion import drop
from tissueshap.trust._checks._rows import Found, absent, all_selected
from tissueshap.trust._ranking import by_class
from tissueshap.trust._verdict import Row

#: If an output differs by less than this from its mean over the background, there is nothing
#: to explain, and a relative error is meaningless.
_LEAST_CHANGE = 0.01
#: Draws for explanations of random weights, of which only the rank correlation with the given
#: values is needed.
_RANDOM_DRAWS = 50
#: Numbers of random layers at which a network is explained, up to all: an average of networks
#: has many layers.
_STEPS = 3
#: Of what the genes of a model's own explanation matter to it beyond random ones, the share that
#: the genes of a list must.
_OF_ITS_OWN = 0.25
#: Draws of what replaces a gene, and those of a quick table.
_FILLS, _QUICK_FILLS = 3, 1


def completeness(context: Context) -> Found:
    """Compare each sample's sum of values with the change that they explain."""
    table = context.completeness
    change = table["output"].to_numpy(float) - table["base"].to_numpy(float)
    explained = np.abs(change) >= _LEAST_CHANGE
    sums = context.values[explained].sum(axis=1, dtype=np.float64)
    errors = np.abs(sums - change[explained]) / np.abs(change[explained])
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


def repeat(context: Context) -> Found:
    """Explain a few samples again, with other draws, and compare the genes of each class."""
    n_ranks, n_genes = context.n_ranks, len(context.genes)
    if n_ranks >= n_genes:
        return [absent("repeat", all_selected(n_genes))], {}
    given = context.ranked(context.values[context.few])
    pairs = _stability.against(given, [context.ranked(context.again)], n_ranks)
    chance = jaccard_by_chance(n_ranks, n_genes)
    reason = "no class has values that differ between genes"
    if len(pairs):
        least = context.classes[int(pairs["code"].iloc[int(pairs["jaccard"].argmin())])]
        reason = f"{context.few.size} samples; the least of {len(pairs)} classes: {least}"
    row = Row(
        check="repeat",
        question=CHECKS["repeat"].question,
        measure=CHECKS["repeat"].measure,
        value=float(pairs["jaccard"].min()) if len(pairs) else np.nan,
        chance=chance,
        threshold=_verdict.agreement(chance, CHECKS["repeat"].threshold),
        reason=reason,
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
        _use_of_the_first(context)
        if "values" in context.lacks
        else Row(
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


def _use_of_the_first(context: Context) -> Row:
    """Take the listed genes of each class away, where classes are ranked and not samples.

    Curves over all genes ask what a ranking of classes does not state: a list ends, and signed
    coefficients put the genes whose absence is evidence last.
    """
    if context.n_ranks >= len(context.genes):
        return absent("use", all_selected(len(context.genes)))
    targets, n_classes = context.targets[context.few], len(context.classes)
    own = by_class(context.again, targets, n_classes, statistic="mean")
    rng = np.random.default_rng([context.numbers.seed, 2])
    random = np.asarray(
        [drop(context, rng.random(context.scores.shape)) for _ in range(context.numbers.n_random)]
    )
    given, chance = drop(context, context.scores), float(random.mean())
    best = drop(context, without_constant(own))
    # A model that no genes matter to uses none of these.
    reach = best - chance if best > chance else np.inf
    return Row(
        check="use",
        question=CHECKS["use"].question,
        measure="fall of a class's log-odds without its listed genes: from random genes (0) to "
        "those of the model's own explanation (1)",
        value=(given - chance) / reach,
        chance=float(np.abs(random - chance).max()) / reach,
        threshold=_OF_ITS_OWN,
        reason=f"{context.few.size} samples, {context.n_ranks} genes of each class: {given:.3g}; "
        f"random genes: {chance:.3g}; its own by {context.model.explained_by}: {best:.3g}",
    )


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
        n_fills = _QUICK_FILLS if numbers.quick else _FILLS
        fill = _curves.fills(
            background, context.codes[context.train], targets, n_fills=n_fills, seed=numbers.seed
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
    """Replace the weights by random ones, from either side, and compare the absolute values.

    Signed values of random weights are unrelated to any ranking, because the sign of a random
    weight is. Absolute values are not: a gene that varies more contributes more, whatever the
    weights. The values must agree with the trained network more than with random ones.
    """
    given, background = context.values[context.few], context.background()
    n_steps, sides = (1, SIDES[:1]) if context.numbers.quick else (_STEPS, SIDES)
    steps = set(np.linspace(context.model.n_layers, 1, n_steps).round().astype(int))
    records = _correlations(context, given, context.again, n_layers=0, layer="none", side="none")
    randomised = context.model.randomised
    if randomised is None:
        return [absent("randomisation", context.lacks["weights"])], {}
    for number, side in enumerate(sides):
        seed = context.numbers.seed + number
        for n_layers, name, model in randomised(seed=seed, side=side):
            if n_layers not in steps:
                continue
            values = context.explain(model, n_draws=_RANDOM_DRAWS, background=background)
            records += _correlations(
                context, given, values, n_layers=n_layers, layer=name, side=side
            )
    columns = ["side", "n_layers", "layer", "class", "correlation", "correlation_abs"]
    table = pd.DataFrame(records, columns=columns)
    means = table.groupby("n_layers")["correlation_abs"].mean()
    trained, random = (float(means.iloc[place]) if len(means) else np.nan for place in (0, -1))
    row = Row(
        check="randomisation",
        question=CHECKS["randomisation"].question,
        measure=CHECKS["randomisation"].measure,
        value=trained - random,
        chance=0.0,
        threshold=CHECKS["randomisation"].threshold,
        reason=f"mean over the classes: {trained:.2f} with this network, explained again, "
        f"{random:.2f} with random weights"
        if len(table)
        else "no class has values that differ between genes",
    )
    return [row], {"randomisation": table}


def _correlations(
    context: Context, given: np.ndarray, values: np.ndarray, **about: Any
) -> list[dict[str, Any]]:
    """Return each class's rank correlation of two explanations of a few samples.

    Parameters
    ----------
    context
        The model and its data.
    given, values
        Values of the samples ``context.few``.
    **about
        Columns that are the same for all classes.
    """
    targets, n_classes = context.targets[context.few], len(context.classes)
    signed = [by_class(each, targets, n_classes) for each in (given, values)]
    sizes = [by_class(np.abs(each), targets, n_classes) for each in (given, values)]
    ranked = np.flatnonzero(~np.isnan(without_constant(signed[0])).any(axis=0))
    return [
        {
            **about,
            "class": context.classes[code],
            "correlation": spearman(signed[0][:, code], signed[1][:, code]),
            "correlation_abs": spearman(sizes[0][:, code], sizes[1][:, code]),
        }
        for code in ranked
    ]
