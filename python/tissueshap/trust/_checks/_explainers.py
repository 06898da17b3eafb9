"""Checks of ``tl.trust`` that explain the same model in other ways, or samples with noise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.explain import (
    explanation,
    gradient_x_input,
    integrated_gradients,
    smooth_gradient,
)
from tissueshap.trust._agreement import jaccard, spearman
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._deletion import drop, few_samples, training_mean
from tissueshap.trust._checks._noise import replicate_noise
from tissueshap.trust._checks._rows import Found, absent
from tissueshap.trust._infidelity import relative_infidelity, sensitivity as changes
from tissueshap.trust._verdict import Row

#: Draws of noise for SmoothGrad and infidelity, and for explanations of samples with noise.
_N_NOISE, _N_EXPLAINED = 20, 2
#: Points of integrated gradients.
_N_STEPS = 50


class _Method(NamedTuple):
    """What a way of explaining ranks the genes by, and its values of the samples.

    Attributes
    ----------
    scores
        Genes x classes.
    values
        Samples x genes.
    baseline
        What the values compare a sample with; None for gradients.
    """

    scores: np.ndarray
    values: np.ndarray
    baseline: np.ndarray | None = None


def explainers(context: Context) -> Found:
    """Explain the model in other ways, and delete the first genes of each.

    The agreement is that of each class's rankings. The first genes of a class are set to their
    mean over the training samples, and the fall of the class's log-odds is measured.
    """
    output = context.settings("shap").get("output")
    explainer = context.model.explainer(context.background(), n_draws=2, output=output)
    methods = _methods(context, explainer)
    if len(methods) == 1:
        reason = f"the {context.model.kind} has neither a gradient nor coefficients"
        return [absent("explainers", reason)], {}
    rng = np.random.default_rng([context.numbers.seed, 10])
    random = [rng.random(context.scores.shape) for _ in range(context.numbers.n_random)]
    chance = float(np.mean([drop(context, scores) for scores in random]))
    table = pd.DataFrame(
        [
            {"method": name, "drop": drop(context, method.scores), **agreement}
            for name, method in methods.items()
            for agreement in [_agreement(context, methods["SHAP"].scores, method.scores)]
        ]
    )
    table["infidelity"] = _infidelities(context, explainer, methods)
    others = table[1:].sort_values("drop", ascending=False, kind="stable")
    best, agreement = float(others["drop"].iloc[0]), float(others["jaccard"].iloc[0])
    row = Row(
        check="explainers",
        question=CHECKS["explainers"].question,
        measure=CHECKS["explainers"].measure,
        value=float(table["drop"].iloc[0]),
        chance=chance,
        threshold=best - CHECKS["explainers"].threshold * max(0.0, best - chance),
        reason=f"{context.few.size} samples, {context.n_ranks} genes of each class; the best other "
        f"way: {others['method'].iloc[0]}, {best:.3g}; agreement with it: {agreement:.2f} of the "
        "lists",
    )
    return [row], {"explainers": table}


def sensitivity(context: Context) -> Found:
    """Explain samples with noise as large as that between replicates, and compare the values."""
    noise = replicate_noise(context, _N_EXPLAINED, turn=11)
    x = few_samples(context)
    explain = _explaining(context)
    logger.info("sensitivity: %d explanations", _N_EXPLAINED * len(x))
    given = context.values[context.few]
    found = changes(given, np.stack([explain(x + draw) for draw in noise]))
    draws = changes(given, context.again[None])
    table = pd.DataFrame(
        {
            "class": np.asarray(context.classes)[context.targets[context.few]],
            "sensitivity": found,
            "draws": draws,
        }
    )
    table = table.groupby("class", sort=False).mean().reset_index()
    chance = float(np.sqrt(2))
    row = Row(
        check="sensitivity",
        question=CHECKS["sensitivity"].question,
        measure=CHECKS["sensitivity"].measure,
        value=float(np.nanmedian(found)) if (~np.isnan(found)).any() else np.nan,
        chance=chance,
        threshold=CHECKS["sensitivity"].threshold * chance,
        higher=False,
        reason=f"{len(x)} samples; chance: values that have nothing to do with each other; the "
        f"same samples with other draws: {np.nanmedian(draws):.2f}"
        if (~np.isnan(found)).any()
        else "all values are 0",
    )
    return [row], {"sensitivity": table}


def _explaining(context: Context) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from samples to values, as the given ones were made."""
    settings, numbers = context.settings("shap"), context.numbers
    explainer = context.model.explainer(
        context.background(),
        n_draws=int(settings.get("n_draws", 0)) or None,
        tolerance=settings.get("tolerance"),
        output=settings.get("output"),
        method=settings.get("method"),
        seed=numbers.seed,
    )
    targets = context.targets[context.few]

    def explain(x: np.ndarray) -> np.ndarray:
        values: np.ndarray = explanation(explainer, x, targets).values
        return values

    return explain


def _methods(context: Context, explainer: Any) -> dict[str, _Method]:
    """Return the given explanation, and the other ways that the model allows."""
    targets = context.targets[context.few]
    mean, given = training_mean(context), context.values[context.few]
    methods = {"SHAP": _Method(context.ranked(given), given, mean)}
    gradients = getattr(explainer, "gradients", None)
    if gradients is not None:
        x, noise = few_samples(context), replicate_noise(context, _N_NOISE, turn=12)
        logger.info("explainers: %d gradients", len(x) * (_N_STEPS + _N_NOISE + 1))
        ways = {
            "integrated gradients": (
                integrated_gradients(gradients, x, targets, mean, n_steps=_N_STEPS),
                mean,
            ),
            "gradient x input": (gradient_x_input(gradients, x, targets), np.zeros_like(mean)),
            "SmoothGrad": (smooth_gradient(gradients, x, targets, noise), None),
        }
        for name, (values, baseline) in ways.items():
            methods[name] = _Method(context.ranked(values), values, baseline)
    coefficients = getattr(explainer, "coefficients", None)
    if coefficients is not None:
        own = coefficients[:, targets].T
        methods["coefficients"] = _Method(context.ranked(own), own)
    return methods


def _agreement(context: Context, ours: np.ndarray, others: np.ndarray) -> dict[str, float]:
    ranked = np.flatnonzero(~np.isnan(ours).any(axis=0) & ~np.isnan(others).any(axis=0))
    chosen = top(ours, context.n_ranks), top(others, context.n_ranks)
    return {
        "correlation": float(np.mean([spearman(ours[:, c], others[:, c]) for c in ranked])),
        "jaccard": float(np.mean([jaccard(chosen[0][:, c], chosen[1][:, c]) for c in ranked])),
    }


def _infidelities(context: Context, explainer: Any, methods: dict[str, _Method]) -> list[float]:
    """Return each way's relative infidelity to changes as between replicates, the median."""
    x, noise = few_samples(context), replicate_noise(context, _N_NOISE, turn=13)
    rows = np.arange(len(x)), context.targets[context.few]

    def outputs(points: np.ndarray) -> np.ndarray:
        return np.asarray(explainer.outputs(points.astype(np.float32))[rows])

    return [
        float(np.median(relative_infidelity(outputs, x, values, noise, baseline=baseline)))
        for _, values, baseline in methods.values()
    ]
