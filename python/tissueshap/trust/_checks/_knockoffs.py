"""The check of ``tl.trust`` by knockoffs: the false discovery rate of the genes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._networks import Another, Networks, digest_of, scores_of_another
from tissueshap.trust._checks._refit import with_knockoffs
from tissueshap.trust._checks._rows import ALL_CLASSES, Found, absent
from tissueshap.trust._knockoff_filter import e_selected, knockoff_e_values, knockoff_threshold
from tissueshap.trust._knockoffs import LEAST_SAMPLES, Knockoffs
from tissueshap.trust._lasso import lasso, lasso_seconds
from tissueshap.trust._permuted import LEVEL
from tissueshap.trust._planted_classes import N_CLASSES, planted_classes
from tissueshap.trust._swapped import SwapTest, swap_test
from tissueshap.trust._verdict import Row

#: The false discovery rate. There are 1 / rate discoveries or none: at 0.1 lists would often be
#: empty.
FDR = 0.2
#: Planted truths.
_N_TRUTHS = 5
#: Below this share of planted genes that are found, a list without discoveries means nothing.
_LEAST_POWER = 0.05


@dataclass(frozen=True)
class _Truths:
    """Mean share of false genes among those found, and of planted genes that are found."""

    false_share: float
    power: float


def knockoffs(context: Context, networks: Networks) -> Found:
    """Compare the genes with knockoffs, for the given classes and for planted ones."""
    rows = np.sort(np.concatenate([context.train, context.test]))
    if rows.size < LEAST_SAMPLES:
        return [absent("knockoffs", f"{rows.size} samples: no covariance is estimated")], {}
    numbers = context.numbers
    if numbers.knockoff_statistic == "model":
        for need in ("explaining", "training"):
            if need in context.lacks:
                return [absent("knockoffs", context.lacks[need])], {}
    x = np.asarray(context.x[rows], dtype=np.float64)
    train = np.isin(rows, context.train)
    _announce(context, int(train.sum()))
    copies = Knockoffs(x, seed=numbers.seed)
    truths = [planted_classes(x, seed=numbers.seed + number) for number in range(_N_TRUTHS)]
    planted = [codes for codes, _ in truths]
    swaps = swap_test(x, copies.draw(1), seed=numbers.seed)
    of_model = numbers.knockoff_statistic == "model"
    own = None if of_model else (train, context.codes[rows[train]], len(context.classes))
    draws, depends = range(1, numbers.n_knockoffs + 1), digest_of(x, train)
    fitted = networks.results(
        "knockoffs",
        lasso_statistics,
        lambda draw: (np.hstack([x, copies.draw(draw)]), own, planted, numbers.seed),
        draws,
        trains=False,
        x=depends,
        own=own is None,
    )

    def prepared(draw: int) -> tuple[Any, ...]:
        both = np.hstack([x, copies.draw(draw)]).astype(np.float32)
        training, given = with_knockoffs(context, rows, both)
        return networks.train, training, context.label, Another(numbers.seed + draw), given

    stacked = np.stack(fitted)
    statistics = stacked[:, :, : -len(planted)]
    if of_model:
        scores = networks.results("knockoff_models", scores_of_another, prepared, draws, x=depends)
        statistics = np.stack([differences(each) for each in scores])
    of_truths = np.moveaxis(stacked[:, :, -len(planted) :], 2, 0)
    realised = _realised(list(of_truths), [mask for _, mask in truths])
    table = _table(context, statistics)
    return _rows(context, table, statistics, realised, swaps), {"knockoffs": table}


def lasso_statistics(
    both: np.ndarray,
    own: tuple[np.ndarray, np.ndarray, int] | None,
    planted: list[np.ndarray],
    seed: int,
) -> np.ndarray:
    """Return how much more each gene matters than its knockoff, by the lasso.

    Parameters
    ----------
    both
        Genes and then their knockoffs, of all samples.
    own
        Which samples to fit the given classes to, these classes and their number; None fits
        only planted ones.
    planted
        Planted classes of all samples.
    seed
        Of the fits.

    Returns
    -------
    Genes x what :func:`differences` returns of the given classes, and a column for each of the
    planted ones.
    """
    columns = [differences(lasso(both, codes, N_CLASSES, seed=seed))[:, -1:] for codes in planted]
    if own is not None:
        train, codes, n_classes = own
        columns.insert(0, differences(lasso(both[train], codes, n_classes, seed=seed)))
    return np.hstack(columns)


def differences(scores: np.ndarray) -> np.ndarray:
    """Return how much more each gene matters than its knockoff, by class and for all of them.

    Parameters
    ----------
    scores
        Genes and then their knockoffs x classes; NaN for a class without scores.

    Returns
    -------
    Genes x classes + 1: differences of absolute scores, and of their root mean squares.
    """
    scores = np.nan_to_num(scores)
    own, copies = np.split(np.abs(scores), 2)
    both = [np.sqrt(np.square(part).mean(axis=1)) for part in (own, copies)]
    return np.column_stack([own - copies, both[0] - both[1]])


def _announce(context: Context, n_train: int) -> None:
    numbers, n_genes = context.numbers, 2 * len(context.genes)
    planted = _N_TRUTHS * lasso_seconds(n_train, n_genes, N_CLASSES)
    seconds, what = context.model.seconds, "trainings on twice the genes"
    if numbers.knockoff_statistic == "lasso":
        seconds, what = lasso_seconds(n_train, n_genes, len(context.classes)), "lasso fits"
    took = "" if seconds is None else f", about {numbers.n_knockoffs * (seconds + planted):,.0f} s"
    logger.info(
        "knockoffs: %d %s, and %d lasso fits of planted classes%s",
        *(numbers.n_knockoffs, what, numbers.n_knockoffs * _N_TRUTHS, took),
    )


def _realised(statistics: list[np.ndarray], masks: list[np.ndarray]) -> _Truths:
    false, power = [], []
    for w, mask in zip(statistics, masks, strict=True):
        found = e_selected(knockoff_e_values(w, FDR), FDR)
        false.append(float((found & ~mask).sum() / max(1, found.sum())))
        power.append(float((found & mask).sum() / mask.sum()))
    return _Truths(float(np.mean(false)), float(np.mean(power)))


def _table(context: Context, statistics: np.ndarray) -> pd.DataFrame:
    """Return each listed or discovered gene, by class and for all classes together."""
    listed = top(context.scores, context.n_ranks)
    parts = []
    for code, name in enumerate([*context.classes, ALL_CLASSES]):
        w = statistics[:, :, code]
        e_values = knockoff_e_values(w, FDR)
        discovered = e_selected(e_values, FDR)
        chosen = np.asarray(listed.any(axis=1) if name == ALL_CLASSES else listed[:, code])
        often = np.mean([each >= knockoff_threshold(each, FDR) for each in w], axis=0)
        shown = np.flatnonzero(chosen | discovered)
        parts.append(
            pd.DataFrame(
                {
                    "class": name,
                    "gene": context.genes[shown],
                    "selected": chosen[shown],
                    "statistic": w.mean(axis=0)[shown],
                    "frequency": often[shown],
                    "e_value": e_values[shown],
                    "discovered": discovered[shown],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _rows(
    context: Context,
    table: pd.DataFrame,
    statistics: np.ndarray,
    realised: _Truths,
    swaps: SwapTest,
) -> list[Row]:
    check = CHECKS["knockoffs"]
    of_all = table[table["class"] == ALL_CLASSES]
    n_found, n_genes = int(of_all["discovered"].sum()), statistics.shape[1]
    apart = swaps.pvalue <= LEVEL
    diagnostic = (
        f"swapped genes and knockoffs {'can' if apart else 'cannot'} be distinguished "
        f"({swaps.share:.2f} of nearest neighbours, chance {swaps.chance:.2f})"
    )
    truth = (
        f"of genes planted in these samples {realised.power:.0%} are found, with "
        f"{realised.false_share:.0%} false ones"
    )
    value = float(of_all.loc[of_all["selected"], "discovered"].mean())
    reason = f"{n_found} of {n_genes:,} genes discovered at a false discovery rate of {FDR}"
    if realised.false_share > FDR:
        value, reason = np.nan, f"the false discovery rate is not controlled: {truth}"
    elif not n_found and realised.power < _LEAST_POWER:
        value, reason = np.nan, f"no power: {truth}, so a list without discoveries means nothing"
    else:
        reason += f"; {truth}"
    rows = [
        Row(
            check="knockoffs",
            question=check.question,
            measure=check.measure,
            value=value,
            chance=n_found / n_genes,
            threshold=check.threshold,
            reason=f"{reason}; {diagnostic}",
        )
    ]
    if check.also is not None:
        rows.append(
            Row(
                check="knockoffs",
                question=check.also.question,
                measure=check.also.measure,
                value=realised.false_share,
                chance=1 - min(1.0, n_found / n_genes),
                threshold=check.also.threshold,
                higher=False,
                reason=f"mean of {_N_TRUTHS} planted truths, power {realised.power:.2f}; "
                f"{diagnostic}",
            )
        )
    return rows
