"""Checks of ``tl.trust`` on the samples: whether there is anything sound to explain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from tissueshap._core import provenance, schema, slots
from tissueshap.trust import _performance, _verdict
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._declared import CHECKS
from tissueshap.trust._checks._genes import LEAST_SAMPLES
from tissueshap.trust._checks._rows import Found, absent
from tissueshap.trust._confounding import cramers_v, levels, names_the_class
from tissueshap.trust._verdict import Row

#: Names in a reason.
_NAMED = 3
#: Share of the samples in which a column must be known.
_LEAST_KNOWN = 0.5


def performance(context: Context) -> Found:
    """Predict the held-out samples, and compare with permuted labels and other classes."""
    if not context.test.size:
        return [absent("performance", "no sample is held out")], {}
    codes, n_classes = context.codes[context.test], len(context.classes)
    table = _performance.confusion(codes, context.predicted, n_classes)
    chance = _performance.macro_f1_by_chance(
        codes, context.predicted, n_classes, seed=context.numbers.seed
    )
    level = CHECKS["performance"].threshold
    row = Row(
        check="performance",
        question=CHECKS["performance"].question,
        measure=CHECKS["performance"].measure,
        value=_performance.macro_f1(table),
        chance=float(chance.mean()),
        threshold=_verdict.above(float(np.quantile(chance, 1 - level))),
        reason=f"{context.test.size} samples; chance: mean of {chance.size} permutations of "
        "their labels; threshold: their 95 % quantile",
    )
    return [row, *_distinguished(context, table)], {"classes_apart": _apart(context, table)}


def _apart(context: Context, table: np.ndarray) -> pd.DataFrame:
    """Return for each class the one that it is distinguished from least, and how well."""
    found = _performance.closest(table)
    return pd.DataFrame(
        {
            "class": context.classes,
            "n_test": table.sum(axis=1),
            "closest": [context.classes[code] if code >= 0 else "" for code in found.other],
            "pvalue": found.pvalues,
            "margin": found.margins,
            "confused": found.confused,
        }
    )


def _distinguished(context: Context, table: np.ndarray) -> Iterator[Row]:
    also = CHECKS["performance"].also
    if also is None:
        return
    tested = _apart(context, table).dropna(subset="pvalue")
    failed = tested[tested["confused"]]
    pairs = [
        f"{one} and {two}" for one, two in zip(failed["class"], failed["closest"], strict=True)
    ]
    left_out = len(context.classes) - len(tested)
    reason = f"{len(tested)} classes"
    if left_out:
        reason += f"; {left_out} have too few held-out samples"
    if len(tested) == 0:
        reason = "each class has too few held-out samples: Fisher's test cannot be significant"
    yield Row(
        check="performance",
        question=also.question,
        measure=also.measure,
        value=float(1 - len(failed) / len(tested)) if len(tested) else np.nan,
        chance=_performance.LEVEL,
        threshold=also.threshold,
        reason=f"{reason}; not distinguished: {_first(pairs)}" if pairs else reason,
    )


def coverage(context: Context) -> Found:
    """Count the explained samples of each class."""
    sizes = np.bincount(context.ranked_as[context.ranked_as >= 0], minlength=len(context.classes))
    few = [name for name, size in zip(context.classes, sizes, strict=True) if size < LEAST_SAMPLES]
    reason = f"{len(context.classes)} classes, {int(sizes.sum())} explained samples"
    row = Row(
        check="coverage",
        question=CHECKS["coverage"].question,
        measure=CHECKS["coverage"].measure,
        value=1 - len(few) / len(context.classes),
        chance=0.0,
        threshold=CHECKS["coverage"].threshold,
        reason=f"{reason}; fewer: {_first(few)}" if few else reason,
    )
    return [row], {}


def leak(context: Context) -> Found:
    """Look for the held-out samples among the training samples, by name and by values."""
    if not context.test.size:
        return [absent("leak", "no sample is held out")], {}
    codes = pd.Series(provenance.name_codes(context.adata.obs_names[context.test]))
    trained_on = getattr(context.model, "trained_on", None)
    learned = [] if trained_on is None else trained_on["sample"].astype(str)
    by_name = codes.isin(learned).to_numpy()
    learned_values = set(_digests(context, context.train))
    by_values = np.asarray([row in learned_values for row in _digests(context, context.test)])
    row = Row(
        check="leak",
        question=CHECKS["leak"].question,
        measure=CHECKS["leak"].measure,
        value=float((by_name | by_values).mean()),
        chance=0.0,
        threshold=CHECKS["leak"].threshold,
        higher=False,
        reason=f"{context.test.size} held-out samples: {by_name.sum()} by name, "
        f"{by_values.sum()} with the values of a training sample",
    )
    return [row], {}


def _digests(context: Context, places: np.ndarray) -> list[bytes]:
    """Return a digest of each sample's values: two samples with the same ones have the same."""
    x = np.ascontiguousarray(context.x[places])
    return [hashlib.blake2b(row.tobytes(), digest_size=16).digest() for row in x]


def confounding(context: Context) -> Found:
    """Measure how closely the classes go with each other column of the samples."""
    obs = context.adata.obs.iloc[np.sort(np.concatenate([context.train, context.test]))]
    classes = obs[context.label].astype(str)
    values = {}
    for name in compared_columns(context):
        column = levels(obs[name])
        known = column.notna().to_numpy()
        requested = context.numbers.confounders is not None
        if known.mean() < _LEAST_KNOWN or column[known].nunique() < 2:
            continue
        if requested or not names_the_class(classes[known], column[known]):
            values[name] = cramers_v(classes[known].to_numpy(), column[known].to_numpy())
    if not values:
        return [absent("confounding", "no other column of adata.obs describes the samples")], {}
    table = pd.DataFrame({"column": list(values), "cramers_v": list(values.values())})
    worst = max(values, key=lambda name: values[name])
    row = Row(
        check="confounding",
        question=CHECKS["confounding"].question,
        measure=CHECKS["confounding"].measure,
        value=values[worst],
        chance=0.0,
        threshold=CHECKS["confounding"].threshold,
        higher=False,
        reason=f"the most of {len(values)} columns: {worst}; what is not recorded cannot be seen",
    )
    return [row], {"confounding": table}


def compared_columns(context: Context) -> Sequence[str]:
    """Return the columns to compare with: those requested, or all that are not tissueshap's."""
    if context.numbers.confounders is not None:
        return [
            str(slots.obs_column(context.adata, name, "confounders").name)
            for name in context.numbers.confounders
        ]
    own = {context.label, *dir(schema.obs)} - {schema.obs.donor}
    return [name for name in map(str, context.adata.obs.columns) if name not in own]


def _first(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
