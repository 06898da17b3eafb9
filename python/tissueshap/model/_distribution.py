"""The distribution of a model's training data, as stored in its bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap._core.scale import evenly, look, plain_value

#: Maximum number of training samples to summarise.
_SUMMARISE = 2000
_OF_GENES = ("low", "high", "mean", "sd")


@dataclass(frozen=True)
class Distribution:
    """The distribution of a model's training data, and how they were made.

    Attributes
    ----------
    layer
        The layer.
    made
        Recorded parameters of the verb that made it; empty if none did.
    n_samples
        Number of training samples.
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
        What the values look like, as in :class:`Look`, or "".
    by_sample
        Whether the network standardises each sample. The overall location and spread of a
        sample then do not matter and are not compared.
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
    ) -> Self:
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
            totals=tuple(np.quantile(log_total(x), (0.005, 0.5, 0.995)).tolist()),
            floor=floor,
            floor_share=float((x == floor).mean()),
            centre=float(np.median(x.mean(axis=1))),
            spread=float(np.median(x.std(axis=1))),
            kind=seen.kind if seen else "",
            by_sample=by_sample,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it in types that JSON has, with six digits for each number of a gene."""
        own = {each.name: getattr(self, each.name) for each in fields(self)}
        rounded = {name: [float(f"{x:.6g}") for x in own[name]] for name in _OF_GENES}
        return {
            **own,
            **rounded,
            "made": {key: plain_value(value) for key, value in self.made.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], n_genes: int) -> Self:
        """Return what :meth:`to_dict` wrote.

        Raises
        ------
        DataError
            A field is missing, unknown, of another size, or not finite.
        """
        try:
            arrays = {name: np.asarray(plain[name], dtype=np.float64) for name in _OF_GENES}
            least, middle, most = map(float, plain["totals"])
            distribution = cls(**{**plain, **arrays, "totals": (least, middle, most)})
            sizes = {array.shape for array in arrays.values()}
            numbers = [
                distribution.floor,
                distribution.floor_share,
                distribution.centre,
                distribution.spread,
                least,
                most,
            ]
            sound = bool(np.isfinite([middle, *numbers]).all()) and isinstance(
                distribution.made, dict
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"its distribution of the training data: {error}") from error
        if sizes != {(n_genes,)} or not all(np.isfinite(each).all() for each in arrays.values()):
            sound = False
        if not sound:
            raise DataError("its distribution of the training data does not match its genes")
        return distribution


def log_total(x: np.ndarray) -> np.ndarray:
    """Return log2 of each row's sum of 2^x, without overflow for large values."""
    most = x.max(axis=1, keepdims=True)
    return np.asarray(most[:, 0] + np.log2(np.exp2(x - most).sum(axis=1)), dtype=np.float64)
