"""Checks of ``tl.trust`` on the genes: each returns rows and tables, and trains nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core import slots
from tissueshap._core.selection import top
from tissueshap.trust import _stability, _truth, _verdict
from tissueshap.trust._agreement import jaccard_by_chance
from tissueshap.trust._checks._context import Context, without_constant
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import (
    Found,
    absent,
    agreement_rows,
    stability_rows,
)
from tissueshap.trust._specificity import STANDS_OUT, standing_out
from tissueshap.trust._verdict import Row

#: Explained samples of a class below which bootstraps of them are too often all alike.
_LEAST_SAMPLES = 3


def specificity(context: Context) -> Found:
    """Compare the genes of each class with others of similar expression, on held-out samples."""
    shares = standing_out(
        np.asarray(context.x[context.train]),
        context.codes[context.train],
        np.asarray(context.x[context.test]),
        context.codes[context.test],
        top(context.scores, context.n_ranks),
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
    chance = 1 - STANDS_OUT
    row = Row(
        check="specificity",
        question=CHECKS["specificity"].question,
        measure=CHECKS["specificity"].measure,
        value=float(table["share"].mean()),
        chance=chance,
        threshold=_verdict.agreement(chance, CHECKS["specificity"].threshold),
        reason=f"{table['n_test'].sum()} held-out samples; least: {least['class']}, "
        f"{least['share']:.2f}",
    )
    return [row], {"specificity": table}


def bootstrap(context: Context) -> Found:
    """Draw the explained samples again, twice each time, and compare the two draws.

    Two draws and not one with the given samples: these are in every draw, and would agree
    with it better than another lot of samples does.
    """
    numbers = context.numbers
    sizes = np.bincount(context.targets, minlength=len(context.classes))
    kept = sizes[context.targets] >= _LEAST_SAMPLES
    drawn = _stability.bootstrapped(
        context.values[kept],
        context.targets[kept],
        len(context.classes),
        n_boot=2 * numbers.n_boot,
        seed=numbers.seed,
        statistic=context.statistic,
    )
    parts = []
    for number in range(numbers.n_boot):
        both = [without_constant(next(drawn)) for _ in range(2)]
        part = _stability.pairs(both, context.n_ranks)
        parts.append(part.assign(first=2 * number + 1, second=2 * number + 2))
    few = int(((sizes > 0) & (sizes < _LEAST_SAMPLES)).sum())
    without = f"; {few} classes with fewer than {_LEAST_SAMPLES} are left out" if few else ""
    return stability_rows(
        context,
        "bootstrap",
        pd.concat(parts, ignore_index=True),
        what=f"{numbers.n_boot} times two draws of the explained samples{without}",
    )


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
            threshold=CHECKS["truth"].threshold,
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
                threshold=also.threshold,
                reason=f"the top {context.n_ranks} genes of each class",
            )
        )
    return rows, {"truth": table}


def clusters(context: Context) -> Found:
    """Read the null test of the V-measure."""
    record = slots.record(context.adata).get("null_test")
    if record is None:
        return [absent("clusters", "run ts.tl.null_test(adata) first")], {}
    null = record["null"]["v_measure"].to_numpy(float)
    row = Row(
        check="clusters",
        question=CHECKS["clusters"].question,
        measure=CHECKS["clusters"].measure,
        value=float(record["observed"]),
        chance=float(record["null_mean"]),
        threshold=float(np.quantile(null, 1 - CHECKS["clusters"].threshold, method="higher")),
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
