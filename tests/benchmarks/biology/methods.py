"""The methods behind one interface: from a study and a seed to scores of genes, and predictions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from biology.studies import Study
from tissueshap import pp, tl
from tissueshap._core import schema, slots
from tissueshap.trust._trees import tree_values


@dataclass
class Fitted:
    """What a method makes of a study.

    Attributes
    ----------
    scores
        Genes x classes, the highest first; NaN for a class without an explanation.
    predicted, other
        Classes of the held-out samples, and of the other cohort; None where a method
        does not predict.
    cpu_training
        CPU seconds until it can predict.
    """

    scores: pd.DataFrame
    predicted: np.ndarray | None = None
    other: np.ndarray | None = None
    cpu_training: float = float("nan")


Method = Callable[[Study, int], Fitted | None]


def network(
    preset: str = "default",
    *,
    log2: Mapping[str, Any] | None = None,
    balance: str = "smote",
    **training: Any,
) -> Method:
    """Return a network with settings, as a user runs it through the verbs.

    Parameters
    ----------
    preset
        Name of the preset.
    log2
        Settings of ``pp.log2``, by default its own.
    balance
        Method of ``pp.oversample``.
    training
        More settings of ``tl.cnn``.
    """

    def fit(study: Study, seed: int) -> Fitted:
        adata = study.adata
        started = time.process_time()
        if not study.logged:
            pp.log2(adata, **(log2 or {}))
        layer = schema.layers.log2 if study.logged else schema.layers.tmm
        pp.oversample(adata, method=balance, layer=layer, seed=seed)
        model = tl.cnn(adata, preset=preset, seed=seed, **training)
        cpu = time.process_time() - started
        tl.predict(adata, model)
        predicted = _test(adata).obs["predicted"].astype(str).to_numpy()
        tl.shap(adata, model, seed=seed)
        tl.rank_genes(adata)
        scores = slots.class_frame(adata, "varm", schema.varm.shap_median, study.classes)
        found = Fitted(pd.DataFrame(scores), predicted, cpu_training=cpu)
        if study.other is not None:
            if not study.logged:
                pp.log2(study.other, **(log2 or {}))
            tl.predict(study.other, model)
            found.other = study.other.obs["predicted"].astype(str).to_numpy()
        return found

    return fit


def differential(method: str) -> Method:
    """Return a test of each class against the others: genes that are up, by p-value."""

    def fit(study: Study, _: int) -> Fitted:
        train = study.adata[study.adata.obs["split"] == "train"].copy()
        tl.de(train, method="limma" if study.logged else method)
        changes, pvalues = (
            pd.DataFrame(slots.class_frame(train, "varm", name, study.classes))
            for name in (schema.varm.de_logfc, schema.varm.de_pvalue)
        )
        # Ties, as of p-values that are 0 in double precision, are broken by the change.
        order = np.lexsort((-changes.to_numpy(), pvalues.to_numpy()), axis=0)
        ranks = np.empty(order.shape)
        np.put_along_axis(ranks, order, np.arange(1.0, len(order) + 1)[:, None], axis=0)
        up = np.where(changes.to_numpy() > 0, -ranks, -np.inf)
        return Fitted(pd.DataFrame(up, changes.index, changes.columns))

    return fit


def logistic(offset: float, *, standardised: bool) -> Method:
    """Return scikit-learn's logistic regression on log2(CPM + offset): genes by coefficient."""

    def fit(study: Study, _: int) -> Fitted:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        x, y = _training(study, offset)
        started = time.process_time()
        steps = [StandardScaler()] if standardised else []
        model = make_pipeline(*steps, LogisticRegression(max_iter=5000)).fit(x, y)
        cpu = time.process_time() - started
        weights = model[-1].coef_
        if len(weights) == 1:
            weights = np.concatenate([-weights, weights])
        return _predicting(study, model, offset, weights, cpu)

    return fit


def nearest_centroid(offset: float) -> Method:
    """Return the nearest class mean: genes by how far it lies above the mean of the classes."""

    def fit(study: Study, _: int) -> Fitted:
        from sklearn.neighbors import NearestCentroid

        x, y = _training(study, offset)
        started = time.process_time()
        model = NearestCentroid().fit(x, y)
        cpu = time.process_time() - started
        return _predicting(
            study, model, offset, model.centroids_ - model.centroids_.mean(axis=0), cpu
        )

    return fit


def tree_shap(offset: float) -> Method:
    """Return TreeSHAP on gradient boosting, as ``tl.trust`` has it: it explains, only."""

    def fit(study: Study, seed: int) -> Fitted:
        x, y = _training(study, offset)
        codes = np.searchsorted(study.classes, y)
        test = _test(study.adata)
        targets = np.searchsorted(study.classes, test.obs[study.label].astype(str))
        values = tree_values(
            x, codes, _logarithms(test, study, offset), targets, len(study.classes), seed=seed
        )
        return Fitted(pd.DataFrame(values, study.adata.var_names, study.classes))

    return fit


def profile(offset: float) -> Method:
    """Return the ranking by the profile itself, without the noise of samples.

    What a ranking by effect size could reach at most if it knew each class's mean exactly:
    for cohorts that were drawn around profiles, None for others.
    """

    def fit(study: Study, _: int) -> Fitted | None:
        if study.profile is None:
            return None
        values = np.log2(study.profile[study.classes] + offset)
        return Fitted(values.sub(values.mean(axis=1), axis=0))

    return fit


def _predicting(study: Study, model: Any, offset: float, weights: np.ndarray, cpu: float) -> Fitted:
    found = Fitted(
        pd.DataFrame(weights.T, study.adata.var_names, list(model.classes_)), cpu_training=cpu
    )
    found.predicted = model.predict(_logarithms(_test(study.adata), study, offset))
    if study.other is not None:
        genes = study.other.var_names.get_indexer(study.adata.var_names)
        found.other = model.predict(_logarithms(study.other, study, offset)[:, genes])
    return found


def _training(study: Study, offset: float) -> tuple[np.ndarray, np.ndarray]:
    train = study.adata[study.adata.obs["split"] == "train"]
    return _logarithms(train, study, offset), train.obs[study.label].astype(str).to_numpy()


def _test(adata: AnnData) -> AnnData:
    return adata[adata.obs["split"] == "test"]


def _logarithms(adata: AnnData, study: Study, offset: float) -> np.ndarray:
    """Return log2(CPM + offset), or the logarithms that the data came as."""
    if study.logged:
        return np.asarray(adata.layers[schema.layers.log2])
    counts = np.asarray(adata.X, dtype=np.float32)
    return np.log2(counts / counts.sum(axis=1, keepdims=True) * 1e6 + np.float32(offset))


METHODS: dict[str, Method] = {
    "default": network(),
    "one network": network(n_models=1),
    "average of 5": network(n_models=5),
    "paper": network("paper", log2={"offset": 0.001, "shift": 10.0}),
    "edgeR": differential("edgeR_QL"),
    "limma": differential("limma_voom"),
    "logistic + 1": logistic(1.0, standardised=False),
    "logistic + 5": logistic(5.0, standardised=False),
    "logistic + 1, standardised": logistic(1.0, standardised=True),
    "logistic + 5, standardised": logistic(5.0, standardised=True),
    "nearest centroid": nearest_centroid(1.0),
    "TreeSHAP": tree_shap(1.0),
    "profile without noise": profile(20.0),
}
