"""Checks of ``tl.trust`` on the genes: each returns rows and tables, and trains nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.selection import top
from tissueshap.trust import _stability, _truth, _verdict
from tissueshap.trust._agreement import jaccard, jaccard_by_chance
from tissueshap.trust._checks._context import Context, without_constant
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import (
    Found,
    absent,
    agreement_rows,
    stability_rows,
)
from tissueshap.trust._ranking import STATISTICS
from tissueshap.trust._specificity import STANDS_OUT, standing_out
from tissueshap.trust._verdict import Row
from tissueshap.trust._verified import verified_ranks

#: Explained samples of a class below which bootstraps of them are too often all alike.
LEAST_SAMPLES = 3
#: What is lacking where classes are ranked and not samples: their genes are those that are high, or
#: low, while a value says that either is evidence.
_OF_CLASSES = "values"
#: V-measure of clusters that are the classes, within rounding.
_PERFECT = 1 - 1e-9


def lists(context: Context) -> Found:
    """Rank the genes again by the values of the layer, and compare the selected ones."""
    chosen = _listed(context)
    known = context.ranked_as >= 0
    scores = context.scored(context.values[known], context.ranked_as[known])
    agree = {
        name: _among_the_first(chosen[:, code], scores[:, code], context.n_ranks)
        for code, name in enumerate(context.classes)
        if not np.isnan(scores[:, code]).all()
    }
    mask = np.asarray(slots.require(context.adata, "var", schema.var.shap_selected), dtype=bool)
    agree["var['shap_selected']"] = jaccard(mask[context.columns], np.asarray(chosen.any(axis=1)))
    least = min(agree, key=lambda name: agree[name])
    row = Row(
        check="lists",
        question=CHECKS["lists"].question,
        measure=CHECKS["lists"].measure,
        value=agree[least],
        chance=context.n_ranks / len(context.genes),
        threshold=CHECKS["lists"].threshold,
        reason=f"the least of {len(agree) - 1} classes and of the mask of all: {least}",
    )
    return [row], {}


def _listed(context: Context) -> np.ndarray:
    """Return which genes are listed as selected for each class, genes x classes."""
    record = slots.table(context.adata, "select_genes", "genes")
    genes = context.genes.get_indexer(pd.Index(record["gene"].astype(str)))
    codes = pd.Index(context.classes).get_indexer(pd.Index(record["class"].astype(str)))
    chosen = np.zeros((len(context.genes), len(context.classes)), dtype=bool)
    known = (genes >= 0) & (codes >= 0)
    chosen[genes[known], codes[known]] = True
    return chosen


def _among_the_first(chosen: np.ndarray, scores: np.ndarray, n_ranks: int) -> float:
    """Return the share of chosen genes with one of the first scores; ties may go either way."""
    scored = np.sort(scores[~np.isnan(scores)])
    n_ranks = min(n_ranks, scored.size)
    hits = int((scores[chosen] >= scored[-n_ranks]).sum())
    return hits / max(n_ranks, int(chosen.sum()))


def specificity(context: Context) -> Found:
    """Compare the genes of each class with others of similar expression, on held-out samples."""
    shares = standing_out(
        np.asarray(context.x[context.train]),
        context.codes[context.train],
        np.asarray(context.x[context.test]),
        context.codes[context.test],
        top(context.scores, context.n_ranks),
        one_direction=_OF_CLASSES in context.lacks,
    )
    measured = ~np.isnan(shares)
    codes = np.flatnonzero(measured.any(axis=0))
    if not codes.size:
        reason = (
            "all genes of similar expression are selected"
            if context.test.size
            else "no sample is held out"
        )
        return [absent("specificity", reason)], {}
    above = (shares > STANDS_OUT) & measured
    table = pd.DataFrame(
        {
            "class": [context.classes[code] for code in codes],
            "n_test": np.bincount(context.codes[context.test], minlength=len(context.classes))[
                codes
            ],
            "n_genes": measured.sum(axis=0)[codes],
            "n_standing_out": above.sum(axis=0)[codes],
        }
    )
    table["share"] = table["n_standing_out"] / table["n_genes"]
    least = table.iloc[int(table["share"].to_numpy().argmin())]
    chance = (1 - STANDS_OUT) * (2 if _OF_CLASSES in context.lacks else 1)
    row = Row(
        check="specificity",
        question=CHECKS["specificity"].question,
        measure=CHECKS["specificity"].measure,
        value=float(table["share"].mean()),
        chance=chance,
        threshold=_verdict.agreement(chance, CHECKS["specificity"].threshold),
        reason=f"{table['n_test'].sum()} held-out samples; least: {least['class']}, "
        f"{least['share']:.2f}"
        + ("; high genes among high ones" if _OF_CLASSES in context.lacks else ""),
    )
    return [row], {"specificity": table}


def bootstrap(context: Context) -> Found:
    """Draw the explained samples again, twice each time, and compare the two draws.

    Two draws and not one with the given samples: these are in every draw, and would agree
    with it better than another lot of samples does.
    """
    numbers = context.numbers
    sizes = np.bincount(context.targets, minlength=len(context.classes))
    kept = sizes[context.targets] >= LEAST_SAMPLES
    if not kept.any():
        reason = f"no class has {LEAST_SAMPLES} explained samples"
        return [absent("bootstrap", reason)], {}
    drawn = _stability.bootstrapped(
        context.values[kept],
        context.targets[kept],
        len(context.classes),
        n_boot=2 * numbers.n_boot,
        seed=numbers.seed,
        statistic=context.statistic,
    )
    scores = [without_constant(each) for each in drawn]
    few = int(((sizes > 0) & (sizes < LEAST_SAMPLES)).sum())
    without = f"; {few} classes with fewer than {LEAST_SAMPLES} are left out" if few else ""
    rows, tables = stability_rows(
        context,
        "bootstrap",
        _stability.in_pairs(scores, context.n_ranks),
        scores=scores,
        what=f"{numbers.n_boot} times two draws of the explained samples{without}",
    )
    return rows, {**tables, "ranks": _ranks(context)}


def _ranks(context: Context) -> pd.DataFrame:
    """Return how deep the ranking of each class can be read."""
    rows = []
    for code, name in enumerate(context.classes):
        values = context.values[context.ranked_as == code]
        if context.statistic == "mean_abs":
            values = np.abs(values)
        scores = STATISTICS[context.statistic](values) if len(values) else None
        found = verified_ranks(values, n_ranks=context.n_ranks, scores=scores)
        if found is not None:
            rows.append(
                {
                    "class": name,
                    "n_explained": len(values),
                    "n_ordered": found.n_ordered,
                    "within": found.within,
                }
            )
    return pd.DataFrame(rows, columns=["class", "n_explained", "n_ordered", "within"])


def truth(context: Context, scores: dict[str, np.ndarray]) -> Found:
    """Score the methods against planted markers."""
    if "truth" not in context.adata.uns:
        return [absent("truth", "only simulated data have a known truth")], {}
    table = context.adata.uns["truth"]
    masks, numbers = _truth.planted(table, context.genes, context.classes)
    table = _truth.score(scores, masks, numbers, context.n_ranks)
    chosen = top(context.scores, context.n_ranks).any(axis=1)
    planted = np.any(list(masks.values()), axis=0).any(axis=1)
    rows = [
        Row(
            check="truth",
            question=CHECKS["truth"].question,
            measure=CHECKS["truth"].measure,
            value=float(planted[chosen].mean()) if chosen.any() else np.nan,
            chance=float(planted.mean()),
            threshold=CHECKS["truth"].threshold * _attainable(planted.sum(), chosen.sum()),
            reason=f"{int(chosen.sum())} genes selected, {int(planted.sum())} planted",
        )
    ]
    kinds = table.set_index(["method", "kind"])
    also = CHECKS["truth"].also
    if "exclusive" in masks and also is not None:
        rows.append(
            Row(
                check="truth",
                question=also.question,
                measure=also.measure,
                value=float(kinds["recall"][("SHAP", "exclusive")]),
                chance=context.n_ranks / len(context.genes),
                threshold=also.threshold
                * _attainable(
                    np.minimum(masks["exclusive"].sum(axis=0), context.n_ranks).sum(),
                    numbers["exclusive"],
                ),
                reason=f"the top {context.n_ranks} genes of each class",
            )
        )
    return rows, {"truth": table}


def _attainable(most: float, of: float) -> float:
    """Return the highest share that can be reached if at most so many can be found."""
    return min(1.0, float(most) / float(of)) if of else 1.0


def clusters(context: Context) -> Found:
    """Read the null test of the V-measure."""
    record = slots.record(context.adata).get("null_test")
    if record is None:
        return [absent("clusters", "run ts.tl.null_test(adata) first")], {}
    null = np.sort(record["null"]["v_measure"].to_numpy(float))
    level = CHECKS["clusters"].threshold
    # As many random sets may reach the V-measure with p = (1 + b) / (1 + n) at the level.
    allowed = int(np.floor(level * (null.size + 1) + 1e-9)) - 1
    if allowed < 0:
        least = round(1 / level) - 1
        reason = f"{null.size} random sets cannot give a p-value of {level}: n_sets={least} or more"
        return [absent("clusters", reason)], {}
    observed = float(record["observed"])
    if null[-1 - allowed] >= _PERFECT and observed >= null[allowed]:
        reason = "random genes cluster the classes perfectly: no gene set can do better"
        return [absent("clusters", reason)], {}
    row = Row(
        check="clusters",
        question=CHECKS["clusters"].question,
        measure=CHECKS["clusters"].measure,
        value=observed,
        chance=float(record["null_mean"]),
        threshold=_verdict.above(float(null[-1 - allowed])),
        reason=f"empirical p = {float(record['empirical_pvalue']):.2g}",
    )
    return [row], {}


def cohort(context: Context) -> Found:
    """Read what ``tl.stability`` found in another cohort."""
    record = slots.record(context.adata).get("stability")
    if record is None:
        return [absent("cohort", "run ts.tl.stability(adata, other) first")], {}
    table, n_top, n_genes = record["per_class"], int(record["n_top"]), int(record["n_genes"])
    pairs = table.assign(first=1, second=2, code=np.arange(len(table)))
    return agreement_rows(
        "cohort",
        pairs,
        table["class"].astype(str).tolist(),
        chance={
            "jaccard": jaccard_by_chance(n_top, n_genes),
            "rbo": float(table["rbo_expected"].mean()),
        },
        what=f"{len(table)} classes, the top {n_top} of the {n_genes:,} genes of both cohorts",
    ), {}
