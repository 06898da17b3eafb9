"""k-means, started again and again, scored against the classes.

Shared by ``tl.cluster`` and ``tl.null_test``. The V-measure's distribution takes 10,000
starts a gene set. scikit-learn's own starts (greedy k-means++, Arthur and Vassilvitskii
2007) draw one centre at a time in Python, which takes three quarters of a start's time;
here many starts draw their centres at once, and scikit-learn runs Lloyd's algorithm. Threads
share the groups of starts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import numpy as np
import pandas as pd

from tissueshap._core.settings import settings

#: Starts whose centres are drawn together: their distances then fit into the cache.
_TOGETHER = 16


def k_means_scores(X: np.ndarray, codes: np.ndarray, *, n_starts: int, seed: int) -> pd.DataFrame:
    """Return how well k-means, started again and again, finds the classes.

    Parameters
    ----------
    X
        Samples x dimensions.
    codes
        Class of each sample; k is the number of classes that occur.
    n_starts
        Runs of greedy k-means++ and Lloyd's algorithm, each from its own draws: the first
        n of more starts are those of n.
    seed
        Where the starts' draws come from.

    Returns
    -------
    One row per start: ``start`` (from 1), ``v_measure``, ``homogeneity``, ``completeness``. It
    does not depend on ``settings.n_jobs``.
    """
    from sklearn.cluster import KMeans

    classes, true = np.unique(codes, return_inverse=True)
    k = len(classes)
    values = np.asarray(X - X.mean(axis=0), dtype=np.float32)
    draws = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(n_starts)]
    groups = [draws[first : first + _TOGETHER] for first in range(0, n_starts, _TOGETHER)]

    def scored(group: list[np.random.Generator]) -> list[tuple[float, float, float]]:
        models = (
            KMeans(k, init=c, n_init=1, algorithm="lloyd") for c in first_centres(values, k, group)
        )
        return [scores(true, model.fit_predict(values)) for model in models]

    with _threads(min(settings.cores, len(groups))) as pool:
        rows = [row for found in pool.map(scored, groups) for row in found]
    table = pd.DataFrame(rows, columns=["v_measure", "homogeneity", "completeness"])
    table.insert(0, "start", np.arange(1, n_starts + 1))
    return table


@contextmanager
def _threads(n: int) -> Iterator[ThreadPoolExecutor]:
    """Start threads whose libraries have one thread each: a k-means run takes milliseconds."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # The limit of BLAS is the process's, that of OpenMP each thread's own.
    limited = partial(threadpool_limits, limits=1, user_api="openmp")
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Fewer distinct points than classes is a result, not a fault: it scores low.
        warnings.filterwarnings("ignore", message="Number of distinct clusters")
        with ThreadPoolExecutor(n, initializer=limited) as pool:
            yield pool


def first_centres(X: np.ndarray, k: int, draws: list[np.random.Generator]) -> np.ndarray:
    """Return the centres that greedy k-means++ draws, for several starts at once.

    As scikit-learn does it: each further centre is, of 2 + log(k) candidates drawn with
    probability proportional to the squared distance from the nearest centre, the one
    that leaves the least of these distances.

    Parameters
    ----------
    X
        Samples x dimensions, centred, so that the expanded squares lose no digits.
    k
        Number of centres.
    draws
        A generator a start.

    Returns
    -------
    Starts x k x dimensions.
    """
    n, n_starts, n_candidates = len(X), len(draws), 2 + int(np.log(k))
    uniform = np.stack([rng.random((k, n_candidates)) for rng in draws])
    norms = np.square(X).sum(axis=1)
    starts = np.arange(n_starts)
    chosen = np.empty((n_starts, k), dtype=np.int64)
    chosen[:, 0] = (uniform[:, 0, 0] * n).astype(np.int64)
    nearest = _distances(X, norms, chosen[:, :1])[:, 0]
    for place in range(1, k):
        reach = nearest.cumsum(axis=1)
        wanted = uniform[:, place] * reach[:, -1:]
        candidates = np.stack([np.searchsorted(r, w) for r, w in zip(reach, wanted, strict=True)])
        # Rounding may draw what lies beyond the last sample.
        np.minimum(candidates, n - 1, out=candidates)
        left = np.minimum(_distances(X, norms, candidates), nearest[:, None])
        best = left.sum(axis=2).argmin(axis=1)
        nearest = left[starts, best]
        chosen[:, place] = candidates[starts, best]
    centres: np.ndarray = X[chosen]
    return centres


def _distances(X: np.ndarray, norms: np.ndarray, candidates: np.ndarray) -> np.ndarray:
    """Return squared distances, starts x candidates x samples."""
    distances: np.ndarray = X[candidates.ravel()] @ (-2 * X.T)
    distances += norms
    distances += norms[candidates.ravel(), None]
    np.maximum(distances, 0, out=distances)
    return distances.reshape(*candidates.shape, len(X))


def scores(true: np.ndarray, clusters: np.ndarray) -> tuple[float, float, float]:
    """Return V-measure, homogeneity and completeness (Rosenberg and Hirschberg 2007).

    Parameters
    ----------
    true, clusters
        Class and cluster of each sample, as numbers from 0.
    """
    n_clusters = int(clusters.max()) + 1
    together = np.bincount(
        true * n_clusters + clusters, minlength=(int(true.max()) + 1) * n_clusters
    )
    table = together.reshape(-1, n_clusters) / len(true)
    of_classes, of_clusters = _entropy(table.sum(axis=1)), _entropy(table.sum(axis=0))
    shared = of_classes + of_clusters - _entropy(table.ravel())
    homogeneity = min(max(shared / of_classes, 0.0), 1.0) if of_classes > 0 else 1.0
    completeness = min(max(shared / of_clusters, 0.0), 1.0) if of_clusters > 0 else 1.0
    total = homogeneity + completeness
    return (2 * homogeneity * completeness / total if total else 0.0), homogeneity, completeness


def _entropy(shares: np.ndarray) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())
