"""What the steps of a run hand on to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tissueshap._core import slots
from tissueshap._core.held_out import training
from tissueshap.workflow._config import Config

if TYPE_CHECKING:
    from anndata import AnnData
    from matplotlib.figure import Figure

    from tissueshap.model import Classifier


@dataclass
class Job:
    """A run under way.

    Attributes
    ----------
    config
        The settings.
    folder
        Where to write; it is moved to ``config.out`` at the end.
    adata
        The data, samples x genes; an empty AnnData before the step ``read``.
    model
        The classifier, once trained; where there are folds, on all samples.
    fold_models
        The classifiers of the folds, where there are any.
    figures
        Figures by name, once made.
    other
        The other cohort, where there is one.
    class_map
        Which class a class of the other cohort is, where the user says so.
    edges
        Protein interactions, where there are any.
    timings
        A row a finished step: ``step``, ``seconds``, ``found``.
    """

    config: Config
    folder: Path
    adata: AnnData
    model: Classifier | None = None
    fold_models: list[Classifier] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    other: AnnData | None = None
    class_map: Mapping[str, str] | None = None
    edges: pd.DataFrame | None = None
    timings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def classifier(self) -> Classifier:
        """The trained classifier."""
        if self.model is None:
            raise RuntimeError("no classifier has been trained yet")
        return self.model

    @property
    def cohort(self) -> AnnData:
        """The other cohort."""
        if self.other is None:
            raise RuntimeError("no other cohort has been read")
        return self.other

    @property
    def interactions(self) -> pd.DataFrame:
        """The protein interactions."""
        if self.edges is None:
            raise RuntimeError("no interactions have been read")
        return self.edges

    def found(self, verb: str, name: str) -> Any:
        """Return a result of a verb."""
        return slots.table(self.adata, verb, name)

    def record(self) -> None:
        """Record settings and timings so far under ``uns["tissueshap"]["workflow"]``."""
        slots.write(
            self.adata,
            "workflow",
            {"uns": {"timings": pd.DataFrame(self.timings, columns=["step", "seconds", "found"])}},
            params=self.config.to_dict(),
            seed=self.config.seed,
        )

    def n_train(self) -> int:
        """Return the number of training samples."""
        return int(training(self.adata).sum())
