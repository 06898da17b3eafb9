"""The scale of values: what they look like, and which values are not allowed.

Values on another scale have the right names and sizes, and give wrong results without an
error. :mod:`tissueshap.model._input_scale` compares them with a model's training data.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tissueshap._core import schema, slots
from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError, DataWarning

if TYPE_CHECKING:
    from anndata import AnnData

#: Integers above this are counts; log2 of the largest count, with a shift of 10, is 41.
_LARGEST_LOG = 41.0
#: log2 of CPM with an offset of 1e-9 spans 50: values that span more are on a linear scale.
_WIDEST_LOG = 64.0
#: The mean and variance of fewer samples or genes are not informative.
_FEW = 8
#: Number of samples to inspect.
_LOOK = 200
#: Largest distance, in log2, of samples from the total of a unit to be recognised on their
#: own, and if it is already known that they are on another scale.
_STRICT, LOOSE = 0.05, 1.0
#: Totals of a unit: counts per million and TPM, and scanpy's counts per 10,000.
_UNITS = {"CPM or TPM": 1e6, "CP10k": 1e4}
#: Common log transformations, with the shift that the paper adds.
_LOGARITHMS = (
    ("natural log", np.e, 0.0),
    ("log2", 2.0, 0.0),
    ("log10", 10.0, 0.0),
    ("log2", 2.0, 10.0),
)


@dataclass(frozen=True)
class Look:
    """What values look like.

    Attributes
    ----------
    text
        In words.
    kind
        ``"counts"``, ``"linear"``, ``"zscore"``, or ``"log"``.
    base
        Base of the logarithm.
    clear
        Whether no other interpretation is possible.
    """

    text: str
    kind: Literal["counts", "linear", "zscore", "log"]
    base: float = 0.0
    clear: bool = False


def look(values: Any, *, tolerance: float = _STRICT) -> Look | None:
    """Return what values look like, or None if this cannot be decided.

    Log-transformed values are recognised by the totals of the samples on the linear scale,
    which needs all genes of the data, because a selection of them has arbitrary totals.

    Parameters
    ----------
    values
        Samples x genes, dense or sparse, in memory or in a file.
    tolerance
        Largest distance, in log2, of the totals from those of a unit.
    """
    x = np.asarray(dense(values[evenly(values.shape[0], _LOOK)]), dtype=np.float64)
    if not x.size or not np.isfinite(x).all():
        return None
    low, high = float(x.min()), float(x.max())
    if low >= 0 and high > 1 and (x == np.rint(x)).all():
        return Look("raw counts: all are integers", "counts", clear=high > _LARGEST_LOG)
    if high - low > _WIDEST_LOG:
        unit, away = _unit(x.sum(axis=1))
        known = unit if away < _STRICT else "CPM, TPM or other values"
        text = f"{known} on a linear scale: the largest is {high:,.0f}"
        return Look(text, "linear", clear=True)
    return _z_scores(x) or _logarithms(x, low, tolerance)


def _z_scores(x: np.ndarray) -> Look | None:
    """Recognise a mean of 0 and a variance of 1, of the genes or of the samples."""
    for axis, what in enumerate(("gene", "sample")):
        if x.shape[axis] < _FEW:
            continue
        mean, sd = x.mean(axis=axis), x.std(axis=axis)
        varies = sd > 0
        # Not exactly: only some of many samples are inspected, and scanpy clips values at 10.
        near = (np.abs(mean) < 0.2) & (np.abs(sd - 1) < 0.25)
        if varies.any() and near[varies].mean() > 0.8:
            return Look(f"z-scores, each {what} with mean 0 and variance 1", "zscore")
    return None


def _logarithms(x: np.ndarray, low: float, tolerance: float) -> Look | None:
    """Recognise a log transformation by the nearest unit of the samples' totals."""
    fits = []
    for name, base, shift in _LOGARITHMS:
        at_low = base ** (low - shift)
        offset = at_low if (x == low).mean() > 1e-3 or low == shift == 0 else 0.0
        if shift and offset > 0.5:
            continue
        unit, away = _unit((base ** (x - shift) - offset).sum(axis=1))
        text = f"{name} of {unit}" + (f" with an offset of {offset:.3g}" if offset else "")
        if base == np.e and np.isclose(offset, 1):
            text = f"natural log1p of {unit}"
        if shift:
            text += f" and a shift of {shift:g}"
        fits.append((away, Look(text, "log", base)))
    away, nearest = min(fits, key=lambda pair: pair[0])
    return nearest if away < tolerance else None


def _unit(totals: np.ndarray) -> tuple[str, float]:
    """Return the unit nearest to the samples' totals, and their distance from it in log2."""
    if (totals <= 0).any():
        return "", np.inf
    away = {name: np.abs(np.log2(totals / total)) for name, total in _UNITS.items()}
    # Half of the 90 % quantile of the distances: all samples must have this total.
    far = {
        name: max(float(np.median(each)), float(np.quantile(each, 0.9)) / 2)
        for name, each in away.items()
    }
    nearest = min(far, key=far.__getitem__)
    return nearest, far[nearest]


def check_logs(
    values: Any, where: str, *, refuse: bool = False, fold_changes: bool = False
) -> None:
    """Refuse values that are not log-transformed, and warn of unusual ones.

    Parameters
    ----------
    values
        Samples x genes.
    where
        Their name in messages.
    refuse
        Refuse raw counts, and CPM or TPM on a linear scale, instead of warning of them.
    fold_changes
        Whether differences of the values will be reported as log2 fold changes.

    Raises
    ------
    DataError
        They are not log-transformed, and `refuse` is true.

    Warns
    -----
    DataWarning
        They are not log-transformed, or look like z-scores; with `fold_changes`, also if the
        base of the logarithm is not 2.
    """
    seen = look(values)
    if seen is None or seen.base == 2:
        return
    if seen.kind == "log":
        if not fold_changes:
            return
        warn(
            f"{where} looks like {seen.text}: the reported log2 fold changes would be "
            f"{np.log(2) / np.log(seen.base):.2g} times the true ones; divide the values "
            f"by {'ln(2) = 0.693' if seen.base == np.e else 'log10(2) = 0.301'}"
        )
    elif seen.kind == "zscore":
        warn(
            f"{where} looks like {seen.text}: fold changes would be in standard deviations, and "
            "other cohorts would not be on the same scale; use the log2 values instead"
        )
    else:
        remedy = (
            "read them with values='counts', or put them into adata.X and run "
            "ts.pp.tmm(adata) and ts.pp.log2(adata)"
            if seen.kind == "counts"
            else "log-transform them first, log2(x + 1), or use raw counts"
        )
        text = f"{where} is not on a log scale: it looks like {seen.text}; {remedy}"
        if refuse and seen.clear:
            raise DataError(f"{text}; check_scale=False turns this error into a warning")
        warn(text)


def made(adata: AnnData, layer: str) -> dict[str, Any]:
    """Return the recorded parameters of the ``pp.log2`` that wrote a layer, or nothing."""
    if not layer.endswith(schema.layers.log2):
        return {}
    own = slots.owner(adata, "layers", layer)
    entry = None if own is None else slots.record(adata).get(own)
    params = entry.get("params") if isinstance(entry, Mapping) else None
    return {str(key): plain_value(value) for key, value in (params or {}).items()}


def described(params: Mapping[str, Any]) -> str:
    """Return the call of ``pp.log2`` with some parameters, as text."""
    call = ", ".join(["adata", *(f"{key}={short(value)}" for key, value in params.items())])
    return f"ts.pp.log2({call})"


def short(value: Any) -> str:
    """Return a parameter as text."""
    return f"{value:g}" if isinstance(value, float | np.floating) else repr(value)


def check_log_input(values: Any, adata: AnnData, where: str, *, refuse: bool) -> None:
    """Check a user's log-transformed values with :func:`check_logs` and :func:`check_measured`."""
    check_measured(
        values,
        np.arange(adata.n_vars),
        samples=adata.obs_names,
        genes=adata.var_names,
        where=where,
    )
    check_logs(values, where, refuse=refuse, fold_changes=True)


def check_not_normalised(totals: np.ndarray, where: str) -> None:
    """Warn of counts that add up to a million or 10,000 in all samples: rounded CPM or TPM."""
    unit, away = _unit(totals)
    if len(totals) > 2 and away < 0.01:
        warn(
            f"each sample of {where} adds up to {_UNITS[unit]:,.0f}, as in {unit}: normalised and "
            "rounded counts cannot be used for the tests; use the raw counts"
        )


def check_finite(
    block: np.ndarray, samples: Sequence[Any], genes: Sequence[Any], where: str
) -> None:
    """Raise at the first value that is missing or infinite, and name sample and gene."""
    bad = ~np.isfinite(block)
    if not bad.any():
        return
    row, column = map(int, np.argwhere(bad)[0])
    what = "missing" if np.isnan(block[row, column]) else "infinite"
    others = int(bad.any(axis=1).sum()) - 1
    more = f", and {others} more samples have such values" if others else ""
    raise DataError(
        f"{where} is {what} for gene {str(genes[column])!r} in sample {str(samples[row])!r}{more}: "
        "run ts.pp.log2(adata) again or, if the values were read log-transformed, fill them in "
        "or drop the gene or the sample"
    )


def check_measured(
    values: Any,
    columns: np.ndarray,
    *,
    samples: Sequence[Any],
    genes: Sequence[Any],
    where: str,
    refuse: bool = False,
) -> None:
    """Refuse values that are not finite, and warn of samples in which all genes are equal.

    Parameters
    ----------
    values
        Samples x genes.
    columns
        Positions of the genes that are used.
    samples, genes
        Names of all samples, and of the genes that are used.
    where
        The values' name in messages.
    refuse
        Refuse samples that have the same value in every gene, instead of warning of them.

    Raises
    ------
    DataError
        A value is missing or infinite, or there are such samples and `refuse` is true.
    """
    empty: list[str] = []
    for rows, block in blocks(values):
        x = block[:, columns]
        check_finite(x, samples[rows], genes, where)
        empty += map(str, np.asarray(samples[rows])[np.ptp(x, axis=1) == 0])
    if empty and len(columns) > 1:
        text = (
            f"{where} has the same value in all genes for {len(empty)} sample(s), {empty[:5]}: "
            "nothing was measured in them; drop them"
        )
        if refuse:
            raise DataError(f"{text}; check_scale=False turns this error into a warning")
        warn(text)


def evenly(n: int, most: int) -> np.ndarray:
    """Return evenly spaced positions of at most `most` of n rows."""
    return np.unique(np.linspace(0, max(0, n - 1), min(n, most)).astype(np.int64))


def plain_value(value: Any) -> Any:
    """Return a recorded value in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(each) for key, each in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def warn(text: str) -> None:
    """Warn of data, at the line that called the verb."""
    warnings.warn(text, DataWarning, stacklevel=4)
