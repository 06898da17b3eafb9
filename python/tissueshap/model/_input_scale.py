"""Whether the values of another cohort are on the scale of a model's training data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tissueshap._core.errors import DataError
from tissueshap._core.scale import LOOSE, Look, described, look, short, warn
from tissueshap.model._comparison import Comparison
from tissueshap.model._distribution import Distribution


class InputScale(Distribution):
    """The distribution of a model's training data, with which other data are compared."""

    @property
    def _settings(self) -> dict[str, Any]:
        """Recorded settings that change the values, which the name of the layer does not."""
        return {key: value for key, value in self.made.items() if key != "layer"}

    @property
    def described(self) -> str:
        """The call that made the training data."""
        if not self._settings:
            return f"layers[{self.layer!r}]"
        return f"layers[{self.layer!r}] of {described(self.made)}"

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
        """Compare another cohort with this distribution.

        Parameters
        ----------
        values
            Samples x genes of the cohort.
        columns
            Positions of the model's genes in it, -1 for those that it lacks.
        samples
            Names of its samples.
        where
            The values' name in messages.
        made
            Recorded parameters of the verb that made them.
        refuse
            False warns instead of raising.

        Raises
        ------
        DataError
            The values are clearly on another scale.

        Warns
        -----
        DataWarning
            The values may be on another scale, or those of some samples are.
        """
        if not values.shape[0]:
            return
        comparison = Comparison(self, values, columns)
        seen = look(values)
        typical, facts = comparison.typical, comparison.facts()
        if other := self._made_otherwise(made or {}):
            typical, facts = 2, f"they were made with {other}"
        elif not typical and comparison.floor_fact:
            typical, facts = 1, comparison.floor_fact
        if seen and self._another(seen):
            typical = max(typical, 2 if seen.clear else 1)
        if typical:
            looks = self._looks_like(values, seen, comparison.median)
            text = (
                f"{where}: the values {'are not' if typical == 2 else 'may not be'} on the scale "
                f"of the training data: {facts}; {looks}"
                f"the training data are {self.described}: {self._remedy}"
            )
            if typical == 2 and refuse:
                raise DataError(f"{text}; check_scale=False turns this error into a warning")
            warn(text)
        elif comparison.clear.any():
            odd = [str(samples[int(row)]) for row in np.flatnonzero(comparison.clear)]
            warn(
                f"{where}: {len(odd)} of {comparison.clear.size} samples, unlike the others, are "
                f"not on the scale of the training data: {odd[:5]}; were they prepared differently?"
            )

    def _another(self, seen: Look) -> bool:
        """Return whether values look different from training data.

        A network that standardises samples accepts z-scores and any unit, but not a
        logarithm with another base than that of ``pp.log2``.
        """
        if seen.kind == "log":
            return self.by_sample and bool(self._settings) and seen.base != 2
        return seen.kind != self.kind and not (self.by_sample and seen.kind == "zscore")

    def _made_otherwise(self, made: Mapping[str, Any]) -> str:
        """Return the recorded settings that differ, and those of training."""
        return ", ".join(
            f"{key}={short(made[key])}, not {short(value)}"
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
            return "prepare these values in the same way"
        return (
            "put the raw counts into adata.X, run ts.pp.tmm(adata, reference=training) and then "
            "ts.pp.log2() with these settings"
        )


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(np.isclose(float(one), float(other)))
    except (TypeError, ValueError):
        return str(one) == str(other)
