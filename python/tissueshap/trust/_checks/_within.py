"""Checks of ``tl.trust`` on what a class's genes have to do with other than the class."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tissueshap._core.labels import symbols
from tissueshap._core.logging import logger
from tissueshap._core.selection import top
from tissueshap.trust import _covariates, _suspects
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._data import compared_columns
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._rows import Found, absent
from tissueshap.trust._verdict import Row

#: Samples of a class from which columns are predicted, at most.
_MOST_SAMPLES = 200
#: Explained samples of each level, and of a class: fewer are explained than are measured. The
#: adjusted R squared is 0 on average for any number, and the mean over the classes counts.
_LEAST_LEVEL, _LEAST_EXPLAINED = 2, 5
#: Level of the permutations of each column.
_LEVEL = 0.05
_COLUMNS = ["column", "class", "n_samples", "score", "chance", "gain", "pvalue", "r2"]


def covariates(context: Context) -> Found:
    """Predict columns of the samples from the genes of each class, within the class."""
    obs = context.adata.obs
    chosen = np.asarray(top(context.scores, context.n_ranks))
    known = np.where(np.isin(np.arange(len(obs)), _samples(context)), context.codes, -1)
    names = [str(name) for name in compared_columns(context)]
    seed = context.numbers.seed
    parts = [
        part
        for part in _covariates.within_classes(obs, known, names, most=_MOST_SAMPLES, seed=seed)
        if chosen[:, part[1]].any()
    ]
    if not parts:
        reason = "no column of adata.obs has two levels of five samples, or numbers, within a class"
        return [absent("covariates", reason)], {}
    n_fits = len(parts) * _covariates.N_FOLDS * (_covariates.N_PERMUTATIONS + 1)
    logger.info("covariates: %d columns and classes, %s regressions", len(parts), f"{n_fits:,}")
    records, scores = [], dict[str, list[np.ndarray]]()
    for name, code, rows, column in parts:
        x = np.asarray(context.x[rows])[:, chosen[:, code]]
        found = _covariates.prediction_scores(x, column, seed=seed)
        scores.setdefault(name, []).append(found)
        chance = max(0.0, float(found[1:].mean()))
        records.append(
            {
                "column": name,
                "class": context.classes[code],
                "n_samples": len(rows),
                "score": found[0],
                "chance": chance,
                "gain": (found[0] - chance) / (1 - chance),
                "pvalue": _covariates.pvalue(found),
                "r2": _explained(context, name, code, chosen[:, code]),
            }
        )
    table = pd.DataFrame(records, columns=_COLUMNS)
    return [_predicted(table, scores), *_share(table)], {"covariates": table}


def _samples(context: Context) -> np.ndarray:
    return np.concatenate([context.train, context.test])


def _predicted(table: pd.DataFrame, scores: dict[str, list[np.ndarray]]) -> Row:
    """Return the row of the column that is predicted best, among those that chance is not."""
    # The mean over the classes is compared with those of permutations in all classes.
    pvalues = {name: _covariates.pvalue(np.mean(each, axis=0)) for name, each in scores.items()}
    gains = table.groupby("column")["gain"].mean()
    sure = [name for name, value in pvalues.items() if value <= _LEVEL]
    worst = max(sure or pvalues, key=lambda name: float(gains[name]))
    value = max(0.0, float(gains[worst])) if sure else 0.0
    of = table[table["column"] == worst]
    most = of.iloc[int(of["gain"].to_numpy().argmax())]
    return Row(
        check="covariates",
        question=CHECKS["covariates"].question,
        measure=CHECKS["covariates"].measure,
        value=value,
        chance=0.0,
        threshold=CHECKS["covariates"].threshold,
        higher=False,
        reason=f"{len(pvalues)} columns; {len(sure)} predicted better than by chance; the most: "
        f"{worst} (p = {pvalues[worst]:.2g}; in {most['class']} {most['gain']:.2f})",
    )


def _explained(context: Context, name: str, code: int, genes: np.ndarray) -> float:
    """Return the median share of the genes' values that a column explains within a class."""
    if "values" in context.lacks:
        return np.nan
    own = context.ranked_as == code
    column = context.adata.obs[name].iloc[context.explained[own]].reset_index(drop=True)
    known = _covariates.usable(column, _LEAST_LEVEL)
    if known is None or len(known) < _LEAST_EXPLAINED:
        return np.nan
    values = context.values[own][known.index.to_numpy()][:, genes]
    shares = _covariates.explained_share(values, known)
    return float(np.nanmedian(shares)) if (~np.isnan(shares)).any() else np.nan


def _share(table: pd.DataFrame) -> list[Row]:
    also = CHECKS["covariates"].also
    if also is None:
        return []
    means = table.dropna(subset="r2").groupby("column")["r2"].mean()
    return [
        Row(
            check="covariates",
            question=also.question,
            measure=also.measure,
            value=max(0.0, float(means.max())) if len(means) else np.nan,
            chance=0.0,
            threshold=also.threshold,
            higher=False,
            reason=f"the most of {len(means)} columns: {means.idxmax()}"
            if len(means)
            else "each class has too few explained samples of each level",
        )
    ]


def contamination(context: Context) -> Found:
    """Look for genes of sex, blood and quality, and of other classes, in the lists."""
    chosen = np.asarray(top(context.scores, context.n_ranks))
    places, codes = np.nonzero(chosen)
    names, genes = symbols(context.adata).to_numpy()[context.columns], context.genes.to_numpy()
    source = _suspects.of_another_class(_means(context), chosen)
    records = []
    for place, code in zip(places, codes, strict=True):
        kind = _suspects.family(str(names[place]), context.classes[code])
        of = int(source[place, code])
        if kind or of >= 0:
            records.append(
                {
                    "class": context.classes[code],
                    "gene": str(genes[place]),
                    "symbol": str(names[place]),
                    "kind": kind or "another class",
                    "of": context.classes[of] if of >= 0 else "",
                }
            )
    table = pd.DataFrame(records, columns=["class", "gene", "symbol", "kind", "of"])
    families = [bool(_suspects.family(str(name), "")) for name in names]
    counts = table["kind"].value_counts()
    row = Row(
        check="contamination",
        question=CHECKS["contamination"].question,
        measure=CHECKS["contamination"].measure,
        value=len(table) / len(places) if len(places) else np.nan,
        chance=float(np.mean(families)),
        threshold=CHECKS["contamination"].threshold,
        higher=False,
        reason=f"{len(places)} genes of {len(context.classes)} classes; "
        + (", ".join(f"{n} {kind}" for kind, n in counts.items()) if len(table) else "none"),
    )
    return [row], {"contamination": table}


def _means(context: Context) -> np.ndarray:
    """Return each class's mean input of the training samples, genes x classes."""
    x, codes = np.asarray(context.x[context.train]), context.codes[context.train]
    means = np.full((len(context.genes), len(context.classes)), -np.inf)
    for code in np.unique(codes):
        means[:, code] = x[codes == code].mean(axis=0, dtype=np.float64)
    return means
