"""What other columns of the samples have to do with a class's genes, within the class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

#: Samples of each level of a category, and different numbers of a number, at least.
LEAST_LEVEL, LEAST_NUMBERS = 5, 5
#: Parts of the samples, and permutations of the column.
N_FOLDS, N_PERMUTATIONS = 3, 39
#: Different values above which a number is not a category.
_MAX_LEVELS = 10


def usable(column: pd.Series, least: int = LEAST_LEVEL) -> pd.Series | None:
    """Return the known values of a column that can be predicted; None if there are too few.

    Levels with too few samples are left out; two levels must remain. Numbers of more than ten
    different values are taken as numbers.

    Parameters
    ----------
    column
        Of ``obs``, of the samples of one class.
    least
        Samples of each level.
    """
    known = column.dropna()
    if is_number(known):
        return known.astype(np.float64) if known.nunique() >= LEAST_NUMBERS else None
    known = known.astype(str)
    sizes = known.value_counts()
    known = known[known.map(sizes) >= least]
    return known if known.nunique() > 1 else None


def is_number(column: pd.Series) -> bool:
    """Return whether a column has numbers and not categories."""
    return bool(
        pd.api.types.is_numeric_dtype(column)
        and not pd.api.types.is_bool_dtype(column)
        and column.nunique() > _MAX_LEVELS
    )


def prediction_scores(x: np.ndarray, column: pd.Series, *, seed: int) -> np.ndarray:
    """Return how well a column is predicted from genes, and how well permutations of it are.

    Three-fold cross-validated ridge regression on standardised genes for numbers (R squared),
    logistic regression for categories (balanced accuracy), both of scikit-learn.

    Parameters
    ----------
    x
        Samples x genes.
    column
        As :func:`usable` returns it, of these samples.
    seed
        Seed of the folds and permutations.

    Returns
    -------
    The score, and that of each of 39 permutations (Ojala and Garriga, JMLR 2010).
    """
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.model_selection import KFold, StratifiedKFold, permutation_test_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits

    number = pd.api.types.is_numeric_dtype(column)
    model = Ridge() if number else LogisticRegression(max_iter=500, class_weight="balanced")
    parts = KFold if number else StratifiedKFold
    # Threads would wait for each other: a fit takes milliseconds.
    with threadpool_limits(limits=1):
        score, permuted, _ = permutation_test_score(
            make_pipeline(StandardScaler(), model),
            x,
            column.to_numpy(),
            cv=parts(N_FOLDS, shuffle=True, random_state=seed),
            n_permutations=N_PERMUTATIONS,
            scoring="r2" if number else "balanced_accuracy",
            random_state=seed,
        )
    return np.concatenate([[score], permuted])


def pvalue(scores: np.ndarray) -> float:
    """Return the share of permutations that score as high as the first, which counts as one."""
    return float((scores[1:] >= scores[0]).sum() + 1) / len(scores)


def explained_share(values: np.ndarray, column: pd.Series) -> np.ndarray:
    """Return the adjusted R squared of a linear regression of each gene's values, (genes,).

    Parameters
    ----------
    values
        Samples x genes.
    column
        As :func:`usable` returns it, of these samples: a number, or levels.

    Returns
    -------
    0 on average if the column has nothing to do with the values; NaN for a gene with one value,
    or without enough samples.
    """
    if pd.api.types.is_numeric_dtype(column):
        design = column.to_numpy(np.float64)[:, None]
    else:
        design = pd.get_dummies(column, drop_first=True).to_numpy(np.float64)
    n_free = len(values) - design.shape[1] - 1
    blank = np.full(values.shape[1], np.nan)
    if n_free < 1:
        return blank
    design = np.column_stack([np.ones(len(design)), design])
    values = values.astype(np.float64)
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    left = np.square(values - fitted).sum(axis=0) / n_free
    total = values.var(axis=0, ddof=1)
    return np.asarray(1 - np.divide(left, total, out=blank + 1, where=total > 0))


def within_classes(
    obs: pd.DataFrame, codes: np.ndarray, names: list[str], *, most: int, seed: int
) -> Iterator[tuple[str, int, np.ndarray, pd.Series]]:
    """Yield each column and class with the samples whose value is known.

    Parameters
    ----------
    obs
        Columns of the samples.
    codes
        Each sample's class, -1 for none.
    names
        Columns to look at.
    most
        Samples of a class, at most.
    seed
        Seed of the choice of samples.

    Yields
    ------
    The column's name, the class, positions of the samples, and their values.
    """
    rng = np.random.default_rng([seed, 14])
    for code in np.unique(codes[codes >= 0]):
        members = np.sort(rng.permutation(np.flatnonzero(codes == code))[:most])
        for name in names:
            column = obs[name].iloc[members].reset_index(drop=True)
            known = usable(column)
            if known is not None and len(known) >= 2 * LEAST_LEVEL:
                yield name, int(code), members[known.index.to_numpy()], known
