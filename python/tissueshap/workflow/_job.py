"""The state of a run, which its steps share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    from tissueshap.workflow._manifest import Manifest


@dataclass
class Job:
    """A run in progress.

    Attributes
    ----------
    config
        The settings.
    folder
        The folder to write to; it is moved to ``config.out`` at the end.
    adata
        The data, samples x genes; an empty AnnData before the step ``read``.
    model
        The classifier, once trained; with folds, on all samples.
    fold_models
        The classifiers of the folds, if any.
    figures
        Figures by name, once drawn.
    other
        The other cohort, if any.
    timings
        One row per finished step: ``step``, ``seconds``, ``found``.
    manifests
        What each finished step was made from.
    processes
        The processes that have taken the steps: ``host``, ``pid``, ``started``, ``command``.
    """

    config: Config
    folder: Path
    adata: AnnData
    model: Classifier | None = None
    fold_models: list[Classifier] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    other: AnnData | None = None
    timings: list[dict[str, Any]] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    processes: list[dict[str, Any]] = field(default_factory=list)
    _small: dict[str, Any] = field(default_factory=dict)

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
    def markers(self) -> pd.DataFrame | None:
        """The known markers, if any."""
        from tissueshap.workflow._small_files import read_markers

        markers: pd.DataFrame | None = self._file("markers", read_markers)
        return markers

    @property
    def class_map(self) -> Mapping[str, str] | None:
        """The user's map from classes of the other cohort to those of the training cohort."""
        from tissueshap.workflow._small_files import read_map

        pairs: Mapping[str, str] | None = self._file("cohort_map", read_map)
        return pairs

    @class_map.setter
    def class_map(self, pairs: Mapping[str, str] | None) -> None:
        self._small["cohort_map"] = pairs

    @property
    def interactions(self) -> pd.DataFrame | None:
        """The protein interactions, if any."""
        from tissueshap.io import read_edges

        score, aliases = self.config.interaction_score, self.config.interaction_names
        edges: pd.DataFrame | None = self._file(
            "interactions", lambda path: read_edges(path, score=score, aliases=aliases)
        )
        return edges

    def _file(self, option: str, read: Callable[[Path], Any]) -> Any:
        """Return what is in the file that an option names, read once."""
        path = getattr(self.config, option)  # each time, so that it is known which steps use it
        if option not in self._small:
            self._small[option] = None if path is None else read(path)
        return self._small[option]

    def result(self, verb: str, name: str) -> Any:
        """Return a result of a verb."""
        return slots.table(self.adata, verb, name)

    def record(self) -> None:
        """Record settings and timings so far under ``uns["tissueshap"]["workflow"]``."""
        slots.write(
            self.adata,
            "workflow",
            {"uns": {"timings": pd.DataFrame(self.timings, columns=["step", "seconds", "found"])}},
            params={k: v for k, v in self.config.to_dict().items() if k != "resume"},
            seed=self.config.seed,
        )

    def n_train(self) -> int:
        """Return the number of training samples."""
        return int(training(self.adata).sum())
