"""The input of the checks of ``tl.trust``: the model, its data, and its explanation."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap._core.dense import dense
from tissueshap._core.errors import DataError
from tissueshap.adapters import Model, adapt
from tissueshap.explain import Background, Rows, choose, explanation
from tissueshap.model import gene_columns
from tissueshap.trust._curves import Predict
from tissueshap.trust._ranking import by_class

if TYPE_CHECKING:
    from anndata import AnnData

    from tissueshap.model import Classifier


@dataclass(frozen=True)
class Numbers:
    """How many samples, networks and draws are used; the arguments of ``tl.trust``.

    Attributes
    ----------
    quick
        Whether nothing is trained again, and all weights are randomised at once.
    """

    n_samples: int
    n_seeds: int
    n_folds: int
    n_boot: int
    n_random: int
    replacement: str
    layer: str
    seed: int
    confounders: tuple[str, ...] | None = None
    groups: str | None = None
    n_permutations: int = 19
    n_knockoffs: int = 5
    knockoff_statistic: str = "lasso"
    quick: bool = False


@dataclass(frozen=True, eq=False)
class AsGiven:
    """How the given explanation was made, to explain other models in the same way.

    Attributes
    ----------
    settings
        Of ``tl.shap``; empty if it was not run.
    x, targets
        A few of the explained samples, and the number of the class explained for each.
    n_classes
        Number of classes.
    statistic
        What of a class's samples ranks its genes.
    label, layer
        Column of the classes, and the model's input.
    seed
        Of the draws.
    """

    settings: Mapping[str, Any]
    x: np.ndarray
    targets: np.ndarray
    n_classes: int
    statistic: str
    label: str
    layer: str
    seed: int

    def background(self, source: AnnData, model: Model, columns: np.ndarray) -> Background:
        """Return what the samples were compared with, or its like of other training samples.

        Parameters
        ----------
        source
            Has the training samples.
        model
            The model.
        columns
            Positions of its genes.
        """
        # A matrix is not kept: the training samples are the next best.
        name = str(self.settings.get("background", "matrix"))
        return choose(
            source,
            model,
            "train" if name == "matrix" else name,
            rows=Rows(slots.require(source, "layers", self.layer), columns),
            label=self.label,
            layer=self.layer,
            n_centres=int(self.settings.get("n_background", 1)),
            seed=self.seed,
        )

    def values(
        self,
        model: Model,
        background: Background,
        *,
        n_draws: int | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Return a model's values of the samples, samples x genes.

        Parameters
        ----------
        model
            The model.
        background
            What the samples are compared with.
        n_draws
            At most so many for each sample; by default as many as the given explanation took.
        seed
            Seed of the draws, by default the one of all.
        """
        taken = int(self.settings.get("n_draws", 0)) or None
        if taken is not None and n_draws is not None:
            taken = min(n_draws, taken)
        explainer = model.explainer(
            background,
            n_draws=taken,
            tolerance=self.settings.get("tolerance"),
            output=self.settings.get("output"),
            method=self.settings.get("method"),
            seed=self.seed if seed is None else seed,
        )
        return explanation(explainer, self.x, self.targets).values

    def ranked(self, values: np.ndarray) -> np.ndarray:
        """Return what the samples' values rank the genes by, genes x classes."""
        scores = by_class(values, self.targets, self.n_classes, statistic=self.statistic)
        return without_constant(scores)


class Context:
    """A model and its explanation, in the model's order of genes and classes.

    Attributes
    ----------
    x
        All samples of the classifier's input.
    codes
        Each sample's class, -1 for a class that the model does not know.
    train, test
        Positions of training and of held-out samples.
    explained, targets
        Positions of the explained samples, and the class explained for each.
    few
        Positions among `explained`: at most ``n_samples`` of each class.
    scores
        The statistic that ranks the genes, genes x classes, NaN for a class whose genes
        are not ranked or all have one value.
    statistic
        What of a class's samples the scores are.
    n_ranks
        Genes selected of each class.
    lacks
        What a check may need (``Check.needs``) and is not there, with the reason.
    """

    def __init__(
        self,
        adata: AnnData,
        model: Classifier | Model,
        label: str,
        numbers: Numbers,
        lacks: Mapping[str, str] | None = None,
    ) -> None:
        self.adata, self.label, self.numbers = adata, label, numbers
        self.model = adapt(model)
        self.lacks = dict(lacks or {})
        if self.model.randomised is None:
            kind = self.model.kind
            self.lacks.setdefault("weights", f"the {kind} has no layers of weights to draw again")
        self.classes, self.genes = list(self.model.classes), pd.Index(self.model.genes)
        self.columns = gene_columns(adata, self.model.genes)
        self.x = Rows(slots.require(adata, "layers", numbers.layer), self.columns)
        lookup = {name: code for code, name in enumerate(self.classes)}
        self.codes = self._code(adata.obs[label].astype(str), lookup)
        split = np.asarray(slots.require(adata, "obs", schema.obs.split))
        self.train = np.flatnonzero((split == "train") & (self.codes >= 0))
        self.test = np.flatnonzero((split == "test") & (self.codes >= 0))
        table = slots.table(adata, "shap", "samples")
        places = adata.obs_names.get_indexer(pd.Index(table["sample"].astype(str)))
        targets = self._code(table["explained"].astype(str), lookup)
        known = (places >= 0) & (targets >= 0)
        if not known.any():
            raise DataError("no explained sample is left: run ts.tl.shap(adata, model) again")
        self.explained, self.targets = places[known], targets[known]
        self.completeness = table[known]
        self.few = self._few()
        self.n_ranks = int(slots.table(adata, "select_genes", "n_ranks"))
        self.scores = self._frame(schema.varm.shap_median)
        self.statistic = str(self.settings("rank_genes").get("statistic", "median"))

    @staticmethod
    def _code(names: pd.Series[str], lookup: dict[str, int]) -> np.ndarray:
        return names.map(lookup).fillna(-1).to_numpy(dtype=np.int64)

    def _few(self) -> np.ndarray:
        rng = np.random.default_rng([self.numbers.seed, 1])
        chosen = []
        for code in np.unique(self.targets):
            members = np.flatnonzero(self.targets == code)
            chosen.append(rng.permutation(members)[: self.numbers.n_samples])
        return np.sort(np.concatenate(chosen))

    def _frame(self, key: str) -> np.ndarray:
        """Return a frame of ``varm``, the model's genes x classes; NaN for unknown classes."""
        frame: pd.DataFrame = slots.require(self.adata, "varm", key)
        stored = schema.columns_in(self.classes, frame.columns)
        columns = [stored.get(name, schema.column(name)) for name in self.classes]
        values = frame.reindex(columns=columns).to_numpy(dtype=np.float64)[self.columns]
        return without_constant(values)

    @cached_property
    def values(self) -> np.ndarray:
        """SHAP values of the explained samples, samples x genes."""
        layer = slots.require(self.adata, "layers", schema.layers.shap)
        return np.asarray(dense(layer[self.explained])[:, self.columns])

    @cached_property
    def ranked_as(self) -> np.ndarray:
        """The class for which each explained sample's values rank the genes."""
        by_label = self.settings("rank_genes").get("by") == "label"
        return np.asarray(self.codes[self.explained] if by_label else self.targets)

    @cached_property
    def de(self) -> np.ndarray | None:
        """Genes x classes: what DE ranks by, the most significant genes that are up first."""
        if schema.varm.de_pvalue not in self.adata.varm:
            return None
        logfc, pvalue = self._frame(schema.varm.de_logfc), self._frame(schema.varm.de_pvalue)
        evidence = -np.log10(np.maximum(pvalue, np.finfo(float).tiny))
        # Genes that are down come last; of equal p-values the larger change comes first.
        scores: np.ndarray = np.where(logfc > 0, evidence, -evidence - 1) + 1e-9 * logfc
        return scores

    @cached_property
    def of_members(self) -> list[np.ndarray]:
        """The values of a few samples by each network of which the model is the mean.

        Empty for a single model. The draws are others than those of the given explanation.
        """
        make = self.model.members
        if make is None:
            return []
        background, seed = self.background(), self.numbers.seed + 1
        return [self.explain(one, background=background, seed=seed) for one in make()]

    @property
    def again(self) -> np.ndarray:
        """The values of a few samples, explained again by the model with other draws."""
        return self._explained_again[0]

    @property
    def seconds_to_explain(self) -> float:
        """What it takes to explain a few samples, in seconds; they are explained to find out."""
        return self._explained_again[1]

    @cached_property
    def _explained_again(self) -> tuple[np.ndarray, float]:
        began = time.perf_counter()
        output = self.settings("shap").get("output") or "probability"
        if output == "probability" and self.of_members:
            # The values of a mean are the mean of the values.
            values = np.mean(self.of_members, axis=0)
        else:
            values = self.explain(self.model, seed=self.numbers.seed + 1)
        return values, time.perf_counter() - began

    @cached_property
    def predicted(self) -> np.ndarray:
        """The class that the model predicts for each held-out sample."""
        x = np.asarray(self.x[self.test], dtype=np.float32)
        return np.asarray(self.predict()(x).argmax(axis=1))

    def predict(self) -> Predict:
        """Return the model as a function from samples to probabilities."""
        return self.model.probabilities

    def settings(self, verb: str) -> dict[str, Any]:
        """Return what a verb was called with; empty where it was not run."""
        params: dict[str, Any] = slots.record(self.adata).get(verb, {}).get("params", {})
        return params

    @cached_property
    def as_given(self) -> AsGiven:
        """How a few samples were explained."""
        return AsGiven(
            settings=self.settings("shap"),
            x=self.x.of(self.explained[self.few])[np.arange(self.few.size)],
            targets=self.targets[self.few],
            n_classes=len(self.classes),
            statistic=self.statistic,
            label=self.label,
            layer=self.numbers.layer,
            seed=self.numbers.seed,
        )

    def background(self) -> Background:
        """Return what the samples were compared with."""
        return self.as_given.background(self.adata, self.model, self.columns)

    def explain(
        self,
        model: Model,
        *,
        n_draws: int | None = None,
        background: Background | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Return a model's values of a few samples, explained as the given one was.

        Parameters
        ----------
        model
            The model.
        n_draws, seed
            As :meth:`AsGiven.values` takes them.
        background
            What the samples are compared with; by default :meth:`background`.
        """
        against = self.background() if background is None else background
        return self.as_given.values(model, against, n_draws=n_draws, seed=seed)

    def ranked(self, values: np.ndarray) -> np.ndarray:
        """Return what a few samples' values rank the genes by, genes x classes."""
        return self.as_given.ranked(values)

    def scored(self, values: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return what some samples' values rank the genes by, genes x classes."""
        scores = by_class(values, targets, len(self.classes), statistic=self.statistic)
        return without_constant(scores)


def without_constant(scores: np.ndarray) -> np.ndarray:
    """Return scores with NaN for each class whose genes all have one: it ranks none."""
    constant = np.ptp(scores, axis=0) == 0
    return np.where(constant[None, :], np.nan, scores)
