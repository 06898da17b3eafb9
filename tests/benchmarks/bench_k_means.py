"""Time of a k-means start and its score, beside scikit-learn's own.

    python tests/benchmarks/bench_k_means.py [STARTS]

Both sides take turns in one run, on 2,350 samples of 47 classes in a plane, as the
held-out samples of the paper's cohort are: a line of JSON with the processor time of a
start in milliseconds, the ratio, the mean V-measures, and the minutes that 10,000 starts
of 13 gene sets take on one core.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import homogeneity_completeness_v_measure
from threadpoolctl import threadpool_limits

from tissueshap.clustering._k_means import k_means_scores

N_CLASSES, N_EACH, ROUNDS = 47, 50, 5


def theirs(X: np.ndarray, codes: np.ndarray, n_starts: int, seed: int) -> np.ndarray:
    """Return the V-measures of scikit-learn's own starts."""
    found = []
    with threadpool_limits(limits=1):
        for start in range(n_starts):
            model = KMeans(N_CLASSES, n_init=1, random_state=seed * n_starts + start)
            found.append(homogeneity_completeness_v_measure(codes, model.fit_predict(X))[2])
    return np.array(found)


def ours(X: np.ndarray, codes: np.ndarray, n_starts: int, seed: int) -> np.ndarray:
    """Return the V-measures of ours."""
    return k_means_scores(X, codes, n_starts=n_starts, seed=seed)["v_measure"].to_numpy()


def main() -> None:
    n_starts = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(N_CLASSES), N_EACH)
    X = rng.normal(0, 8, (N_CLASSES, 2))[codes] + rng.normal(0, 1.5, (codes.size, 2))
    X = X.astype(np.float32)
    sides = {"scikit-learn": theirs, "tissueshap": ours}
    seconds, means = dict.fromkeys(sides, 0.0), {name: [] for name in sides}
    for side in sides.values():
        side(X, codes, 2, 99)
    for seed in range(ROUNDS):
        for name, side in sides.items():
            began = time.process_time()
            means[name].append(side(X, codes, n_starts, seed).mean())
            seconds[name] += time.process_time() - began
    each = {name: 1000 * spent / (ROUNDS * n_starts) for name, spent in seconds.items()}
    found = {
        "ms_a_start": {name: round(ms, 2) for name, ms in each.items()},
        "ratio": round(each["tissueshap"] / each["scikit-learn"], 3),
        "v_measure": {name: round(float(np.mean(values)), 4) for name, values in means.items()},
        "minutes_13_sets_10000_starts": round(each["tissueshap"] * 13e4 / 6e4, 1),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
