"""A trial of ``tl.trust``: a cohort, its model and its explanation, and what is made of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import pp, tl
from tissueshap.explain import expected_gradients

Kind = Literal["good", "wrong", "unseen"]


@dataclass
class Trial:
    """A cohort, its network and its explanation.

    Attributes
    ----------
    adata
        Before training, with the rows of ``pp.oversample``.
    explained
        After ``tl.select_genes``; None before.
    model
        The classifier.
    rng
        Random numbers of this trial.
    asked
        More arguments of ``tl.trust``, such as attributions.
    again
        Returns other samples of the cohort's classes, for ``tl.stability``.
    """

    adata: AnnData
    model: Any = None
    explained: Any = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    asked: dict[str, Any] = field(default_factory=dict)
    again: Callable[[], AnnData] | None = None

    @property
    def label(self) -> str:
        """The column of the classes."""
        return str(self.adata.uns["tissueshap"]["label"])

    @property
    def genes(self) -> pd.Index:
        """Names of the genes."""
        return self.adata.var_names

    def classes(self) -> np.ndarray:
        """Return the class of each sample, an array that may be changed."""
        return self.adata.obs[self.label].astype(str).to_numpy(dtype=object).copy()

    def is_part(self, name: str) -> np.ndarray:
        """Return which samples are in a part of the split: ``"train"`` or ``"test"``."""
        return np.asarray(self.adata.obs["split"].astype(str) == name)

    def training(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the training samples and their classes."""
        rows = self.is_part("train")
        x = np.asarray(self.adata.layers["log2"], dtype=np.float32)[rows]
        return x, self.classes()[rows].astype(str)

    def other(self) -> Trial:
        """Return a trial of other samples of the same classes."""
        if self.again is None:
            raise ValueError("this cohort has no other samples")
        return Trial(self.again(), rng=self.rng)

    def train(self, seed: int = 1, **how: Any) -> None:
        """Train one network on the cohort."""
        if "oversample" not in self.adata.uns["tissueshap"]:
            pp.oversample(self.adata, layer="log2", seed=seed)
        self.explained = self.adata.copy()
        self.model = tl.cnn(self.explained, seed=seed, **{"n_models": 1, **how})

    def explain(
        self, statistic: str = "median", samples: str = "test", n_draws: int = 200, **how: Any
    ) -> None:
        """Explain the held-out samples, rank and select."""
        tl.shap(
            self.explained, self.model, samples=samples, n_draws=n_draws, **{"target": "true"} | how
        )
        self.select(statistic)

    def select(self, statistic: str = "median") -> None:
        """Rank and select the genes again."""
        choice: Any = statistic
        tl.rank_genes(self.explained, statistic=choice)
        tl.select_genes(self.explained)

    @property
    def rows(self) -> np.ndarray:
        """Positions of the explained samples."""
        table = self.explained.uns["tissueshap"]["shap"]["samples"]
        return np.asarray(self.explained.obs_names.get_indexer(table["sample"].astype(str)))

    @property
    def targets(self) -> np.ndarray:
        """The class explained for each, as a number."""
        table = self.explained.uns["tissueshap"]["shap"]["samples"]
        return np.asarray(pd.Index(self.model.classes).get_indexer(table["explained"].astype(str)))

    def values(self) -> np.ndarray:
        """Return the values of the explained samples, in the AnnData's order of genes."""
        return np.asarray(self.explained.layers["shap"][self.rows])

    def put(self, values: np.ndarray) -> None:
        """Replace the values of the explained samples, and rank and select again."""
        self.explained.layers["shap"][self.rows] = values.astype(np.float32)
        self.select()

    def of(self, network: Any, targets: np.ndarray | None = None, n_draws: int = 100) -> np.ndarray:
        """Return the values of a network's explanation of the same samples."""
        x = np.asarray(self.explained.layers["log2"], dtype=np.float32)
        train = self.is_part("train")
        chosen = self.targets if targets is None else targets
        return expected_gradients(
            network, x[self.rows], x[train], chosen, n_draws=n_draws, seed=9
        ).values


@dataclass(frozen=True)
class Situation:
    """Something right or wrong.

    Attributes
    ----------
    kind
        ``"good"``, ``"wrong"``, or ``"unseen"``: wrong, and not to be recognised from inside.
    must
        The check that must fail; empty for those of the other kinds.
    make
        Changes the trial in place: before training if `before`, else after ``select_genes``.
    before
        Whether it changes the cohort, before training.
    train, explain
        Settings of the training and of the explanation.
    also
        Checks that are made in addition: those that train again or read another record.
    only
        The cohorts on which it is made; all of its level by default.
    foreign
        Whether `make` makes the model too: no network is trained.
    torch
        Whether it is one of PyTorch.
    most_genes
        Cohorts of more genes leave it out.
    """

    kind: Kind
    must: str = ""
    make: Callable[[Trial], None] = lambda _: None
    before: bool = False
    train: dict[str, Any] = field(default_factory=dict)
    explain: dict[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    foreign: bool = False
    torch: bool = False
    most_genes: float = np.inf


def relabel(trial: Trial, classes: np.ndarray) -> None:
    """Give the samples other classes, as if they had come with them: the split is kept."""
    trial.adata.obs[trial.label] = pd.Categorical(classes.astype(str))
    for entry in trial.adata.uns["tissueshap"].values():
        if isinstance(entry, dict):
            entry.pop("made_from", None)


def noise_data(rng: np.random.Generator, together: int = 1) -> AnnData:
    """Return 60 samples of 15,000 genes, of three classes that do not differ.

    Parameters
    ----------
    rng
        Random numbers.
    together
        Genes that vary together.
    """
    n_samples, n_genes = 60, 15_000
    level = rng.lognormal(4, 1.5, n_genes)
    variation = rng.gamma(5, 0.2, (n_samples, n_genes // together))
    counts = rng.poisson(level * np.repeat(variation, together, axis=1))
    obs = pd.DataFrame(
        {"tissue": np.repeat(["a", "b", "c"], n_samples // 3)},
        index=[f"s{number}" for number in range(n_samples)],
    )
    var = pd.DataFrame(index=[f"g{number}" for number in range(n_genes)])
    adata = AnnData(counts.astype(np.int32), obs=obs, var=var)
    adata.uns["tissueshap"] = {"label": "tissue"}
    pp.tmm(adata)
    pp.split(adata, n_test=6, seed=1)
    pp.log2(adata)
    return adata
