"""The arguments of a prediction, in one object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tissueshap.workflow._choices import Orient, Values

if TYPE_CHECKING:
    import pandas as pd
    from anndata import AnnData

    from tissueshap.model import Classifier


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of :func:`workflow.predict`, which describes them; paths as such."""

    model: Path | Classifier
    counts: Path | AnnData
    samples: Path | pd.DataFrame | None
    label: str | None
    class_map: Path | None
    annotation: Path | None
    values: Values
    orient: Orient
    layer: str | None
    min_overlap: float
    check_scale: bool
    explain: bool
    n_draws: int
    title: str | None
    seed: int

    def settings(self) -> dict[str, Any]:
        """Return them as plain values, without what is only in memory."""
        plain = {name: str(x) if isinstance(x, Path) else x for name, x in vars(self).items()}
        return {name: x for name, x in plain.items() if isinstance(x, str | float | int)}
