"""What a model is trained on again: other labels or other genes, all looked at in the same way.

A test by permutation compares like with like: the given model and those of permuted labels are
explained on held-out samples chosen by their label alone, whether or not they are predicted
correctly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tissueshap._core import schema
from tissueshap.adapters import Model
from tissueshap.explain import Background
from tissueshap.trust._checks._context import AsGiven, Context
from tissueshap.trust._checks._networks import Again, divided
from tissueshap.trust._ranking import by_class

if TYPE_CHECKING:
    from anndata import AnnData


#: Held-out samples of each class, at least, if there are so many: values of labels that mean
#: nothing vary more between them.
_LEAST = 10


def explained_as(context: Context, codes: np.ndarray) -> AsGiven:
    """Return how held-out samples are explained: the same number of each class.

    Parameters
    ----------
    context
        The model and its data; if no sample is held out, training samples are taken.
    codes
        The class of all samples, -1 for those that have none.
    """
    places = _chosen(context, codes)
    x = np.asarray(context.x[places], dtype=np.float32)
    return replace(context.as_given, x=x, targets=codes[places])


def _chosen(context: Context, codes: np.ndarray) -> np.ndarray:
    held_out = context.test if context.test.size else context.train
    order = np.random.default_rng([context.numbers.seed, 13]).permutation(held_out)
    rank = pd.Series(order).groupby(codes[order]).cumcount().to_numpy()
    n_samples = max(context.numbers.n_samples, _LEAST)
    return np.sort(order[(rank < n_samples) & (codes[order] >= 0)])


def names_of(context: Context, codes: np.ndarray) -> np.ndarray:
    """Return the names of the classes of all samples; one whose code is -1 keeps its own."""
    column = context.adata.obs[context.label].astype(str)
    names: np.ndarray = column.to_numpy(dtype=object, copy=True)
    known = codes >= 0
    names[known] = np.asarray(context.classes, dtype=object)[codes[known]]
    return names


def with_knockoffs(context: Context, rows: np.ndarray, both: np.ndarray) -> tuple[AnnData, AsGiven]:
    """Return what to train on with knockoffs as more genes, and how it is explained.

    Parameters
    ----------
    context
        The model and its data.
    rows
        Positions of the samples, in their order.
    both
        Values of their genes, and then of the knockoffs, samples x twice the genes. The samples
        are taken as they are: there are no knockoffs of balanced ones.
    """
    import anndata

    split = np.where(np.isin(rows, context.train), "train", "test")
    obs = context.adata.obs[[context.label]].iloc[rows].copy()
    obs[schema.obs.split] = pd.Categorical(split)
    names = [*context.genes, *(f"knockoff of {gene}" for gene in context.genes)]
    training = anndata.AnnData(
        obs=obs,
        var=pd.DataFrame(index=names),
        layers={context.numbers.layer: both},
        uns={schema.UNS: {"label": context.label}},
    )
    given, places = context.as_given, _chosen(context, context.codes)
    settings = dict(given.settings)
    if settings.get("background") == "balanced":
        settings["background"] = "train"
    x = both[np.searchsorted(rows, places)]
    return training, replace(given, settings=settings, x=x, targets=context.codes[places])


def consistency(model: Model, background: Background, given: AsGiven) -> np.ndarray:
    """Return how consistent a model's values are among the samples of a class, genes x classes.

    The mean over its standard error, plus the median gene's, as in SAM (Tusher et al., PNAS
    98:5116, 2001): models of labels that mean nothing have values as large as others, but in
    other genes for each sample.

    Parameters
    ----------
    model, background
        What is explained, and what the samples are compared with.
    given
        The samples, and how they are explained.
    """
    values = given.values(model, background)
    scores = np.full((values.shape[1], given.n_classes), np.nan)
    for code in range(given.n_classes):
        own = values[given.targets == code].astype(np.float64)
        if len(own) > 1:
            error = own.std(axis=0, ddof=1) / np.sqrt(len(own))
            spread = error + np.median(error[error > 0]) if (error > 0).any() else error
            mean = own.mean(axis=0)
            scores[:, code] = np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 0)
    return scores


def recognised(model: Model, given: AsGiven) -> np.ndarray:
    """Return the mean probability of each class for its own samples, (classes,); NaN without any.

    Parameters
    ----------
    model
        The model.
    given
        The samples and their classes.
    """
    own = np.asarray(model.probabilities(given.x))[np.arange(given.targets.size), given.targets]
    means = by_class(own[:, None], given.targets, given.n_classes, statistic="mean")
    return np.asarray(means[0])


def consistency_of_labels(
    again: Again, train: np.ndarray, own: AsGiven, names: np.ndarray, seed: int, given: AsGiven
) -> np.ndarray:
    """Train on other labels, and return :func:`consistency` and, last, :func:`recognised`.

    Parameters
    ----------
    again
        What all trainings have in common.
    train
        Positions of the training samples, which are balanced again.
    own
        Samples with their own classes, for :func:`recognised`.
    names
        The class of all samples.
    seed
        Of the training.
    given
        As for :func:`consistency`.

    Returns
    -------
    Genes and one more x classes.
    """
    training = divided(again.training, again.label, train, seed=again.seed, names=names)
    model = again.run(training, again.label, seed=seed)
    background = given.background(training, model, np.arange(training.n_vars))
    return np.vstack([consistency(model, background, given), recognised(model, own)])


def predicted_by_another(
    train: Callable[..., Model], training: AnnData, label: str, seed: int, x: np.ndarray
) -> np.ndarray:
    """Train on what an AnnData has, and return the class that is predicted for some samples.

    Parameters
    ----------
    train
        Trains a model like the given one.
    training, label, seed
        What it is trained on, the column of the classes, and the seed.
    x
        Samples x the genes of `training`.
    """
    model = train(training, label, seed=seed)
    predicted: np.ndarray = np.asarray(model.probabilities(x)).argmax(axis=1)
    return predicted
