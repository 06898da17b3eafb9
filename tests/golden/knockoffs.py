"""Make knockoffs.npz: knockpy's thresholds, and its Gaussian knockoffs of a factor model.

Run it in this folder, in an environment with knockpy (1.3). It draws statistics of several
shares of true effects, and keeps the thresholds of knockpy's filter (offset 1); and of a factor
model of 12 genes, with S the genes' own variances, the mean and the covariance of the knockoffs
given 30 samples, with the smallest eigenvalue of 2 Sigma - S, and the S that knockpy chooses by
the minimum variance-based reconstructability (Spector and Janson 2022).
"""

from pathlib import Path
from unittest.mock import patch

import numpy as np
from knockpy.knockoff_stats import data_dependent_threshhold
from knockpy.knockoffs import produce_MX_gaussian_knockoffs
from knockpy.mrc import solve_mvr

rng = np.random.default_rng(2026)
LEVELS = (0.05, 0.1, 0.2, 0.5)
statistics = rng.normal(size=(40, 200))
for number, row in enumerate(statistics):
    row[: 4 * number] += 3.0
statistics[::5, 150:] = 0.0
found = {"statistics": statistics, "levels": np.asarray(LEVELS)}
found["thresholds"] = np.asarray(
    [
        [data_dependent_threshhold(row, fdr=level, offset=1) for level in LEVELS]
        for row in statistics
    ]
)

loadings = rng.normal(size=(12, 3))
loadings *= np.sqrt(rng.uniform(0.2, 0.9, size=12) / np.square(loadings).sum(axis=1))[:, None]
unique = 1 - np.square(loadings).sum(axis=1)
sigma = loadings @ loadings.T + np.diag(unique)
scores = rng.multivariate_normal(np.zeros(12), sigma, size=30)
found |= {"loadings": loadings, "unique": unique, "scores": scores}
inverse, own = np.linalg.inv(sigma), np.diag(unique)


def knockoffs(x, noise):
    """Return knockpy's knockoffs with this noise instead of random numbers."""
    with patch("numpy.random.randn", return_value=noise):
        return produce_MX_gaussian_knockoffs(
            x, np.zeros(12), inverse, own, sample_tol=1e-9, copies=noise.shape[2]
        )


found["mean"] = knockoffs(scores, np.zeros((30, 12, 1)))[:, :, 0]
root = knockoffs(np.zeros((1, 12)), np.eye(12)[None])[0]
found["covariance"] = root @ root.T
found["least_eigenvalue"] = np.linalg.eigvalsh(2 * sigma - np.diag(unique)).min()
found["mvr"] = np.diag(solve_mvr(sigma))
np.savez_compressed(Path(__file__).with_suffix(".npz"), **found)
print({name: np.shape(value) for name, value in found.items()}, found["thresholds"][-3:])
print(unique.round(2), found["mvr"].round(2))
