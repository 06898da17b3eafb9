"""Scores of genes from TreeSHAP on gradient boosting."""

from __future__ import annotations

import numpy as np

from tissueshap._core.selection import orders
from tissueshap._install.feature import needed

#: Number of boosting rounds (one tree per class in each), size of a tree, learning rate:
#: enough to separate 47 simulated tissues, in a minute instead of an hour.
N_ROUNDS, MAX_LEAVES, LEARNING_RATE = 40, 8, 0.1
#: Penalty of a leaf's value (xgboost's default). Without it the leaves of classes that are
#: already separated grow without bound, and 47 classes are predicted worse than by a single
#: tree each.
PENALTY = 1.0
#: Bins of a gene: the time is proportional to genes x bins.
MAX_BINS = 32
#: Number of genes that the trees may use: those that differ most between the classes (F test).
MAX_GENES = 2000


def tree_values(
    x: np.ndarray,
    codes: np.ndarray,
    explained: np.ndarray,
    targets: np.ndarray,
    n_classes: int,
    *,
    seed: int = 42,
) -> np.ndarray:
    """Return the mean SHAP value of each gene for each class, genes x classes.

    scikit-learn's ``HistGradientBoostingClassifier``, explained exactly by
    ``shap.TreeExplainer`` (Lundberg et al., Nature Machine Intelligence 2:56, 2020). The mean
    is used instead of the median because a tree uses few genes, so most genes have a median
    of 0. Genes that the trees may not use come last, by their F statistic.

    Parameters
    ----------
    x, codes
        Training samples, n x genes, and their classes, 0 to n_classes - 1.
    explained, targets
        Samples that are explained, and the class explained for each.
    n_classes
        Number of classes.
    seed
        Seed of the boosting.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    explainer = needed("shap", "shap.TreeExplainer", "the comparison with TreeSHAP")
    statistic = _f_statistic(x, codes, n_classes)
    used = np.sort(orders(statistic[:, None])[:MAX_GENES, 0])
    trees = HistGradientBoostingClassifier(
        max_iter=N_ROUNDS,
        max_leaf_nodes=MAX_LEAVES,
        max_bins=MAX_BINS,
        learning_rate=LEARNING_RATE,
        l2_regularization=PENALTY,
        min_samples_leaf=5,
        early_stopping=False,
        random_state=seed,
    )
    # Trees this small take microseconds: on a busy machine several threads wait for each
    # other and take ten times as long as a single one.
    with threadpool_limits(limits=1, user_api="openmp"):
        trees.fit(x[:, used], codes)
    values = np.asarray(explainer(trees).shap_values(explained[:, used]))
    if values.ndim == 2:  # two classes share one output: the second's
        values = np.stack([-values, values], axis=2)
    largest = statistic.max() or 1.0
    # Below any value of a gene that the trees could use.
    scores = np.repeat((statistic / largest - 2)[:, None], n_classes, axis=1)
    scores *= max(1.0, float(np.abs(values).max()))
    for code in range(n_classes):
        members = targets == code
        scores[used, code] = values[members, :, code].mean(axis=0) if members.any() else 0.0
    return scores


def _f_statistic(x: np.ndarray, codes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return each gene's variance between the classes over that within, (genes,)."""
    centred = x - x.mean(axis=0, dtype=np.float64)
    sizes = np.bincount(codes, minlength=n_classes)
    means = np.stack([centred[codes == code].mean(axis=0) for code in range(n_classes)])
    between = (sizes[:, None] * np.square(means)).sum(axis=0)
    within = np.square(centred).sum(axis=0) - between
    zeros = np.zeros_like(between)
    return np.asarray(np.divide(between, within, out=zeros, where=within > 1e-12))
