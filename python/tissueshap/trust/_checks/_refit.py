"""Models trained again on other labels or other genes, all looked at in the same way.

A test by permutation compares like with like: the given model and those of permuted labels are
explained on held-out samples chosen by their label alone, whether or not they are predicted
correctly.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema, slots
from tissueshap.adapters import Model
from tissueshap.explain import Background, Rows, choose, explanation
from tissueshap.trust._checks._context import Context
from tissueshap.trust._checks._networks import shadow

if TYPE_CHECKING:
    from anndata import AnnData


class Refit:
    """Trains again, and scores genes or predicts held-out samples.

    Parameters
    ----------
    context
        The model and its data.
    train
        Trains a model like the given one.
    """

    def __init__(self, context: Context, train: Callable[..., Model]) -> None:
        self.context, self._train = context, train

    @cached_property
    def held_out(self) -> np.ndarray:
        """Positions of the held-out samples, or of all if none is held out."""
        return self.context.test if self.context.test.size else self.context.train

    def chosen(self, codes: np.ndarray) -> np.ndarray:
        """Return the positions of the same number of held-out samples of each class.

        Parameters
        ----------
        codes
            The class of all samples, -1 for those that have none.
        """
        rng = np.random.default_rng([self.context.numbers.seed, 13])
        order = rng.permutation(self.held_out)
        rank = pd.Series(order).groupby(codes[order]).cumcount().to_numpy()
        return np.sort(order[(rank < self.context.numbers.n_samples) & (codes[order] >= 0)])

    def model(self, training: AnnData, *, seed: int) -> Model:
        """Return a model trained on what an AnnData has."""
        return self._train(training, self.context.label, seed=seed)

    def scores(
        self, model: Model, training: AnnData, x: np.ndarray, codes: np.ndarray
    ) -> np.ndarray:
        """Return what a model's values of held-out samples rank the genes by, genes x classes.

        Parameters
        ----------
        model
            The model.
        training
            What it was trained on, for the background.
        x
            Its input for all samples, samples x genes.
        codes
            The class of all samples.
        """
        context = self.context
        settings, seed = context.settings("shap"), context.numbers.seed
        explainer = model.explainer(
            self._background(model, training),
            n_draws=int(settings.get("n_draws", 0)) or None,
            tolerance=settings.get("tolerance"),
            output=settings.get("output"),
            method=settings.get("method"),
            seed=seed,
        )
        places = self.chosen(codes)
        values = explanation(explainer, np.asarray(x[places]), codes[places]).values
        return context.scored(values, codes[places])

    def _background(self, model: Model, training: AnnData) -> Background:
        context = self.context
        settings, layer = context.settings("shap"), context.numbers.layer
        name = str(settings.get("background", "matrix"))
        # A matrix is not kept, and genes that were added are in no balanced samples.
        name = name if name in ("kmeans", "others", "stratified") else "train"
        return choose(
            training,
            model,
            name,
            rows=Rows(slots.require(training, "layers", layer), np.arange(training.n_vars)),
            label=context.label,
            layer=layer,
            n_centres=int(settings.get("n_background", 1)),
            seed=context.numbers.seed,
        )

    def with_labels(self, codes: np.ndarray) -> AnnData:
        """Return what to train on, with other classes of the samples; they are balanced again."""
        import anndata

        context, adata = self.context, self.context.adata
        known = codes >= 0
        obs = adata.obs[[context.label]].astype(str)
        obs.iloc[np.flatnonzero(known), 0] = np.asarray(context.classes)[codes[known]]
        other = copy.copy(context)
        other.adata = anndata.AnnData(
            obs=obs.astype("category"),
            var=adata.var.iloc[:, :0],
            layers=dict(adata.layers),
            uns={schema.UNS: adata.uns[schema.UNS]},
        )
        return shadow(other, train=context.train)

    def with_genes(self, rows: np.ndarray, x: np.ndarray, names: list[str]) -> AnnData:
        """Return what to train on, with other genes, and with the samples as they are.

        Parameters
        ----------
        rows
            Positions of the samples.
        x
            The model's input, samples x genes.
        names
            Of these genes.
        """
        import anndata

        context = self.context
        split = np.where(np.isin(rows, context.train), "train", "test")
        obs = context.adata.obs[[context.label]].iloc[rows].copy()
        obs[schema.obs.split] = pd.Categorical(split)
        return anndata.AnnData(
            obs=obs,
            var=pd.DataFrame(index=names),
            layers={context.numbers.layer: x},
            uns={schema.UNS: {"label": context.label}},
        )

    def scores_with_genes(
        self, rows: np.ndarray, x: np.ndarray, names: list[str], *, seed: int
    ) -> np.ndarray:
        """Train on other genes, and return what ranks them, genes x classes."""
        training = self.with_genes(rows, x, names)
        model = self.model(training, seed=seed)
        of_all = np.zeros((self.context.codes.size, x.shape[1]), dtype=np.float32)
        of_all[rows] = x
        return self.scores(model, training, of_all, self.context.codes)
