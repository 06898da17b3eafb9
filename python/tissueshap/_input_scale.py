"""The distribution of a model's training data, and whether other data are on its scale.

The thresholds were chosen on real cohorts, which must pass, and on the same cohorts with each
mistake made: ``tests/python/model/test_input_scale.py`` has both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from tissueshap._core.dense import blocks, dense
from tissueshap._core.errors import DataError
from tissueshap._core.scale import LOOSE, Look, evenly, look, plain_value, warn

#: Training samples that are summarised.
_SUMMARISE = 2000
#: Share of a sample's values outside their gene's range in training. Other laboratories and
#: other tissues reach 0.4 in single samples, a missing shift or log1p of CP10k begin at 0.6.
_OUTSIDE = (0.45, 0.65)
#: Difference of log2 total expression beyond what the training samples span.
_TOTAL = (1.25, 2.5)
#: Share of values below every training value.
_BELOW = 0.02
_OF_GENES = ("low", "high", "mean", "sd")


@dataclass(frozen=True)
class InputScale:
    """The distribution of what a model was trained on, and how it was made.

    Attributes
    ----------
    layer
        The layer.
    made
        Parameters of the verb that made it, as recorded; empty where none did.
    n_samples
        Training samples that are summarised.
    low, high
        0.5 % and 99.5 % quantile of each gene.
    mean, sd
        Mean and standard deviation of each gene.
    totals
        0.5 %, 50 % and 99.5 % quantile over the samples of log2(sum of 2^x).
    floor, floor_share
        The lowest value, and the share of the values that have it.
    centre, spread
        Median over the samples of their mean and standard deviation.
    kind
        What the values look like, as :class:`Look` has it, or "".
    by_sample
        Whether the network standardises each sample: then location and spread of a sample
        as a whole do not matter, and are not compared.
    """

    layer: str
    made: dict[str, Any]
    n_samples: int
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    totals: tuple[float, float, float]
    floor: float
    floor_share: float
    centre: float
    spread: float
    kind: str = ""
    by_sample: bool = False

    @classmethod
    def of(
        cls,
        values: Any,
        rows: np.ndarray | None = None,
        *,
        layer: str = "log2",
        made: Mapping[str, Any] | None = None,
        by_sample: bool = False,
    ) -> InputScale:
        """Summarise some rows of a layer (all by default), 2,000 of them at most.

        Parameters
        ----------
        values
            Samples x genes.
        rows
            Positions of the training samples.
        layer, made, by_sample
            As the attributes.
        """
        rows = np.arange(values.shape[0]) if rows is None else rows
        chosen = rows[evenly(rows.size, _SUMMARISE)]
        x = np.asarray(dense(values[chosen]), dtype=np.float32)
        low, high = np.quantile(x, (0.005, 0.995), axis=0)
        floor, seen = float(x.min()), look(x)
        return cls(
            layer=layer,
            made=dict(made or {}),
            n_samples=int(rows.size),
            low=low,
            high=high,
            mean=x.mean(axis=0, dtype=np.float64),
            sd=x.std(axis=0, dtype=np.float64),
            totals=tuple(np.quantile(_log_total(x), (0.005, 0.5, 0.995)).tolist()),
            floor=floor,
            floor_share=float((x == floor).mean()),
            centre=float(np.median(x.mean(axis=1))),
            spread=float(np.median(x.std(axis=1))),
            kind=seen.kind if seen else "",
            by_sample=by_sample,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it, six digits of each number of a gene."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        rounded = {name: [float(f"{x:.6g}") for x in own[name]] for name in _OF_GENES}
        return {
            **own,
            **rounded,
            "made": {key: plain_value(value) for key, value in self.made.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], n_genes: int) -> InputScale:
        """Return what :meth:`to_dict` wrote.

        Raises
        ------
        DataError
            A field is missing, unknown, of another size, or not finite.
        """
        try:
            arrays = {name: np.asarray(plain[name], dtype=np.float64) for name in _OF_GENES}
            least, middle, most = map(float, plain["totals"])
            found = cls(**{**plain, **arrays, "totals": (least, middle, most)})
            sizes = {array.shape for array in arrays.values()}
            numbers = [found.floor, found.floor_share, found.centre, found.spread, least, most]
            sound = bool(np.isfinite([middle, *numbers]).all()) and isinstance(found.made, dict)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"its distribution of the training data: {error}") from error
        if sizes != {(n_genes,)} or not all(np.isfinite(each).all() for each in arrays.values()):
            sound = False
        if not sound:
            raise DataError("its distribution of the training data does not go with its genes")
        return found

    @property
    def _settings(self) -> dict[str, Any]:
        """Recorded settings that change the values: which layer was read need not."""
        return {key: value for key, value in self.made.items() if key != "layer"}

    @property
    def described(self) -> str:
        """How the training data were made, as a call."""
        if not self._settings:
            return f"layers[{self.layer!r}]"
        call = ", ".join(["adata", *(f"{key}={_short(x)}" for key, x in self.made.items())])
        return f"layers[{self.layer!r}] of ts.pp.log2({call})"

    def check(
        self,
        values: Any,
        columns: np.ndarray,
        *,
        samples: Sequence[str],
        where: str,
        made: Mapping[str, Any] | None = None,
        refuse: bool = True,
    ) -> None:
        """Compare another cohort with it.

        Parameters
        ----------
        values
            Samples x genes of the cohort.
        columns
            Where this scale's genes are in it, -1 for those that it lacks.
        samples
            Names of its samples.
        where
            What messages call the values.
        made
            Recorded parameters of the verb that made them.
        refuse
            False warns where it would refuse.

        Raises
        ------
        DataError
            The values are clearly on another scale.

        Warns
        -----
        DataWarning
            They may be, or some samples are.
        """
        if not values.shape[0]:
            return
        found = _Compared(self, values, columns)
        seen = look(values)
        typical, facts = found.typical, found.facts()
        if other := self._made_otherwise(made or {}):
            typical, facts = 2, f"they were made with {other}"
        elif not typical and found.floor_fact:
            typical, facts = 1, found.floor_fact
        if seen and self._another(seen):
            typical = max(typical, 2 if seen.clear else 1)
        if typical:
            text = (
                f"{where}: the values {'are not' if typical == 2 else 'may not be'} on the scale "
                f"of the training data: {facts}; {self._looks_like(values, seen, found.median)}"
                f"the training data are {self.described}: {self._remedy}"
            )
            if typical == 2 and refuse:
                raise DataError(f"{text}; check_scale=False goes on all the same")
            warn(text)
        elif found.clear.any():
            odd = [str(samples[int(row)]) for row in np.flatnonzero(found.clear)]
            warn(
                f"{where}: {len(odd)} of {found.clear.size} samples are not on the scale of the "
                f"training data, {odd[:5]}, and the others are: were they prepared differently?"
            )

    def _another(self, seen: Look) -> bool:
        """Return whether values look like something else than a training's.

        A network that standardises samples takes z-scores and any unit as they come, but
        not the logarithm to another base than that of ``pp.log2``.
        """
        if seen.kind == "log":
            return self.by_sample and bool(self._settings) and seen.base != 2
        return seen.kind != self.kind and not (self.by_sample and seen.kind == "zscore")

    def _made_otherwise(self, made: Mapping[str, Any]) -> str:
        """Return the recorded settings that differ, and those of training."""
        return ", ".join(
            f"{key}={_short(made[key])} and not {_short(value)}"
            for key, value in self._settings.items()
            if key in made and not _same(made[key], value)
        )

    def _looks_like(self, values: Any, seen: Look | None, median: float) -> str:
        shift = self.made.get("shift")
        seen = seen or look(values, tolerance=LOOSE)
        text = seen.text if seen else ""
        if isinstance(shift, int | float) and abs(shift) > 1 and abs(median + shift) < 1:
            text = (text or "the same") + f" without the shift of {shift:g}"
        return f"they look like {text}; " if text else ""

    @property
    def _remedy(self) -> str:
        if not self._settings:
            return "prepare these values as those were"
        return (
            "put the raw counts into adata.X, run ts.pp.tmm(adata, reference=training), and "
            "ts.pp.log2() with these settings"
        )


class _Compared:
    """A cohort's samples beside the training samples.

    Attributes
    ----------
    outside, excess
        Of each sample: the share of values outside their gene's range, and how far log2 of
        its total lies beyond what the training samples have.
    median
        Difference of a gene from its training mean, median over genes and samples.
    unusual, clear
        Samples of which one of the two is above the first, or the second threshold.
    floor_fact
        What is wrong with the lowest values, or "".
    """

    def __init__(self, scale: InputScale, values: Any, columns: np.ndarray) -> None:
        genes = np.flatnonzero(columns >= 0)
        mean, margin = scale.mean[genes], _margin(scale.sd)
        low, high = scale.low[genes] - margin, scale.high[genes] + margin
        least, _, most = scale.totals
        # What the genes that are missing would add to the total.
        lack = float(_log_total(scale.mean[None])[0] - _log_total(mean[None])[0])
        parts = []
        for _, block in blocks(values):
            x = np.asarray(block[:, columns[genes]], dtype=np.float64)
            if scale.by_sample:
                x = _standardised(x) * scale.spread + scale.centre
            total = _log_total(x) + lack
            lowest = x.min(axis=1)
            parts.append(
                np.stack(
                    [
                        ((x < low) | (x > high)).mean(axis=1),
                        np.maximum(np.maximum(least - total, total - most), 0),
                        np.median(x - mean, axis=1),
                        (x < scale.floor - margin / 2).mean(axis=1),
                        lowest,
                        (x == lowest[:, None]).sum(axis=1),
                    ]
                )
            )
        self.outside, self.excess, middle, below, lowest, at_lowest = np.concatenate(parts, axis=1)
        self.median = float(np.median(middle))
        slack = (most - least) / 2
        self.unusual, self.clear = (
            (self.outside >= share) | (self.excess >= total + slack)
            for share, total in zip(_OUTSIDE, _TOTAL, strict=True)
        )
        self.floor_fact = _floor_fact(
            scale,
            float(below.mean()),
            lowest,
            at_lowest,
            margin=margin,
            n_genes=genes.size,
        )

    @property
    def typical(self) -> int:
        """How the median sample is: 0 as in training, 1 unusual, 2 on another scale."""
        return int(np.median(self.unusual.astype(int) + self.clear))

    def facts(self) -> str:
        """Return what is unusual of the median sample, in words."""
        side = "higher" if self.median > 0 else "lower"
        return (
            f"in the median a gene is {abs(self.median):.3g} {side}, and "
            f"{np.median(self.outside):.0%} of a sample's values lie outside their gene's range"
        )


def _floor_fact(
    scale: InputScale,
    below: float,
    lowest: np.ndarray,
    at_lowest: np.ndarray,
    *,
    margin: float,
    n_genes: int,
) -> str:
    """Return what is wrong with the lowest values: genes that are not expressed share one."""
    if scale.by_sample or scale.floor_share < 1e-3:
        return ""
    if below > _BELOW:
        return f"{below:.1%} of the values are below {scale.floor:.3g}, the lowest in training"
    floor = float(np.median(lowest))
    # One count is another value in each sample, no count is the same in all.
    shared = lowest.size >= 3 and np.ptp(lowest) < 1e-3
    if shared and np.median(at_lowest) >= max(3, n_genes / 1000) and floor > scale.floor + margin:
        return f"the lowest value is {floor:.3g}, and {scale.floor:.3g} in training"
    return ""


def _margin(sd: np.ndarray) -> float:
    """Return how far outside their range values may be: two typical standard deviations."""
    varying = sd[sd > 0]
    return max(2 * float(np.median(varying)) if varying.size else 0.0, 1e-3)


def _standardised(x: np.ndarray) -> np.ndarray:
    sd = x.std(axis=1, keepdims=True)
    return np.asarray((x - x.mean(axis=1, keepdims=True)) / np.where(sd > 0, sd, 1))


def _log_total(x: np.ndarray) -> np.ndarray:
    """Return log2 of each row's sum of 2^x, which no value is too large for."""
    most = x.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log2(np.exp2(x - most).sum(axis=1)), dtype=np.float64)


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(np.isclose(float(one), float(other)))
    except (TypeError, ValueError):
        return str(one) == str(other)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float | np.floating) else repr(value)
