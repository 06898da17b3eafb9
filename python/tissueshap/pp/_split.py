"""Hold out samples of each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap._core import schema, slots
from tissueshap._core.adata import target
from tissueshap._core.errors import DataError
from tissueshap._core.held_out import BOTH, MIN_TEST, MIN_TRAIN, TEST, TRAIN, fewest
from tissueshap._core.logging import logger
from tissueshap._core.options import check_number
from tissueshap.pp._keep_classes import keep_classes


def split(
    adata: AnnData,
    label: str | None = None,
    *,
    exclude: str | Sequence[str] | None = None,
    min_class_size: int = 0,
    n_test: int | None = None,
    test_fraction: float = 0.25,
    max_test: int = 50,
    n_folds: int | None = None,
    groups: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Hold out test samples of each class, once or fold by fold; the rest is for training.

    By default a quarter of each class is held out, at least 2 and at most 50 samples. If
    classes are so small that no sample can be spared, divide them into folds:
    ``tl.cross_validate`` then predicts and explains each sample with a network that was not
    trained on it.

    Parameters
    ----------
    adata
        Samples x genes.
    %(label)s
    %(classes)s
    n_test
        Exact number of samples of each class to hold out, instead of a share.
    test_fraction
        Share of each class's samples to hold out. At least 2 samples are held out, and at
        least 2 are left for training.
    max_test
        Maximum number of samples of a class that `test_fraction` holds out.
    n_folds
        Divide the samples into this many folds, each class as evenly as possible: each
        sample is held out in one fold and used for training in the others.
    groups
        Column of ``obs``, such as ``"donor"``, whose samples stay together, on one side or
        in one fold. The numbers are then met as closely as the groups allow. For a single
        split, groups are moved to or from the test side one at a time, always the one that
        brings the classes closest to their numbers (sum of squared relative differences),
        until no move helps. For folds, each group joins the fold that has least of its
        classes, large groups first.
    seed
        Seed of the draw; with ``groups``, of the order in which ties are broken.
    %(key_added)s
    %(copy)s

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``obs["split"]`` (``"train"`` or
        ``"test"``; with folds ``"both"``) and ``uns["tissueshap"]["split"]["counts"]``:
        ``class``, ``n``, ``n_test``, ``n_train``, and ``difference`` (of ``n_test`` from the
        requested number). With folds also ``obs["fold"]`` (1 to ``n_folds``: where a sample
        is held out); ``counts`` then has one row per class and ``fold``, without
        ``difference``.

    Raises
    ------
    DataError
        If a class is too small to leave 2 samples for training, ``groups`` leave a class
        without test or training samples, or the numbers contradict each other.

    Examples
    --------
    >>> import tissueshap as ts
    >>> adata = ts.datasets.simulate(60, 50, tissues={"Liver": 40, "Lung": 20})
    >>> ts.pp.split(adata)
    >>> adata.obs["split"].value_counts().to_dict()
    {'train': 45, 'test': 15}
    >>> ts.pp.split(adata, n_folds=5)
    >>> adata.obs["fold"].value_counts().tolist()
    [12, 12, 12, 12, 12]
    """
    adata = target(adata, copy=copy)
    keep_classes(adata, label, exclude=exclude, min_class_size=min_class_size)
    name = slots.label_name(adata, label)
    classes = slots.class_names(adata, name)
    codes = slots.class_codes(adata, name)
    sizes = np.bincount(codes, minlength=len(classes))
    own = np.arange(adata.n_obs) if groups is None else _group_codes(adata, groups)
    rng = np.random.default_rng(seed)
    exact = n_test is not None or n_folds is not None
    if n_folds is None:
        _check_numbers(n_test, test_fraction, max_test)
        _check_sizes(dict(zip(classes, sizes, strict=True)), n_test=n_test)
        wanted = _wanted(sizes, n_test, test_fraction, max_test)
        by = _by_sample if groups is None else _by_group
        is_test = by(own, codes, wanted, rng)
        counts = _counts(classes, codes, is_test, wanted)
        _check_held_out(counts, groups)
        obs = {schema.obs.split: np.where(is_test, TEST, TRAIN)}
        stale = slots.named(schema.obs.fold, key_added)
        if slots.owner(adata, "obs", stale) is not None:
            adata.obs.drop(columns=stale, errors="ignore", inplace=True)
    else:
        _check_folds(n_folds, n_test, int(own.max()) + 1)
        _check_sizes(dict(zip(classes, sizes, strict=True)), n_folds=n_folds)
        fold = _deal(own, codes, n_folds, rng)
        counts = _fold_counts(classes, codes, fold)
        obs = {schema.obs.split: np.full(adata.n_obs, BOTH), schema.obs.fold: fold}
    slots.write(
        adata,
        "split",
        {"obs": obs, "uns": {"counts": counts}},
        params={
            "label": name,
            "n_test": n_test,
            "test_fraction": None if exact else test_fraction,
            "max_test": None if exact else max_test,
            "n_folds": n_folds,
            "groups": groups,
        },
        seed=seed,
        key_added=key_added,
    )
    return adata if copy else None


def _check_numbers(n_test: int | None, test_fraction: float, max_test: int) -> None:
    if n_test is not None:
        check_number("n_test", n_test, low=1, integer=True)
    if not 0 < test_fraction < 1:
        raise DataError(f"test_fraction must be above 0 and below 1, not {test_fraction}")
    check_number("max_test", max_test, low=MIN_TEST)


def _check_folds(n_folds: int, n_test: int | None, n_groups: int) -> None:
    if n_test is not None:
        raise DataError("folds hold out every sample once: pass either n_test or n_folds")
    check_number("n_folds", n_folds, low=2, integer=True)
    if n_folds > n_groups:
        raise DataError(
            f"n_folds is {n_folds}, but there are only {n_groups} samples or groups to divide"
        )


def _check_sizes(
    sizes: Mapping[str, int], *, n_test: int | None = None, n_folds: int | None = None
) -> None:
    needed = fewest(n_test=n_test, n_folds=n_folds)
    small = {name: int(size) for name, size in sizes.items() if size < needed}
    if not small:
        return
    shown = ", ".join(f"{name!r} ({size})" for name, size in list(small.items())[:5])
    n_held_out, remedy = MIN_TEST, "divide the samples into folds (n_folds), or "
    if n_folds is not None:
        n_held_out, remedy = needed - MIN_TRAIN, ""
    if n_test is not None:
        most = min(small.values()) - MIN_TRAIN
        n_held_out, remedy = n_test, f"lower n_test to at most {most}, or " if most >= 1 else ""
    raise DataError(
        f"each class needs {needed} samples, {n_held_out} to hold out and {MIN_TRAIN} to train "
        f"on; these have fewer: {shown}: {remedy}drop "
        f"these classes (min_class_size={needed})"
    )


def _wanted(
    sizes: np.ndarray, n_test: int | None, test_fraction: float, max_test: int
) -> np.ndarray:
    """Return how many samples of each class to hold out."""
    if n_test is not None:
        return np.full(sizes.size, n_test)
    share = np.floor(test_fraction * sizes + 0.5).astype(np.int64)
    wanted: np.ndarray = np.minimum(np.clip(share, MIN_TEST, max_test), sizes - MIN_TRAIN)
    return wanted


def _group_codes(adata: AnnData, groups: str) -> np.ndarray:
    codes, _ = pd.factorize(slots.obs_column(adata, groups, "groups"))
    if (codes < 0).any():
        missing = list(adata.obs_names[codes < 0][:5])
        raise DataError(f"adata.obs[{groups!r}] is missing for samples {missing}: fill it in")
    return np.asarray(codes)


def _by_sample(
    _: np.ndarray, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return which samples to hold out: the number wanted of each class."""
    is_test = np.zeros(codes.size, dtype=bool)
    for code, number in enumerate(wanted):
        is_test[rng.choice(np.flatnonzero(codes == code), number, replace=False)] = True
    return is_test


def _by_group(
    groups: np.ndarray, codes: np.ndarray, wanted: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return which samples to hold out: whole groups, close to the number wanted of each class."""
    samples = _table(groups, codes)
    order = rng.permutation(len(samples))
    samples = samples[order]
    most = samples.sum(axis=0) - MIN_TRAIN
    # One sample too many or too few matters more where few are wanted.
    weight = (wanted.max() / wanted) ** 2
    squares = samples**2 @ weight
    selected = np.zeros(len(samples), dtype=bool)
    while True:
        count = samples[selected].sum(axis=0)
        sign = np.where(selected, -1, 1)
        # By how much (wanted - count)^2, summed over classes, falls if a group changes side.
        gain = 2 * sign * (samples @ (weight * (wanted - count))) - squares
        gain[~selected & (samples + count > most).any(axis=1)] = 0
        best = int(gain.argmax())
        if gain[best] <= 1e-9 * squares[best]:
            break
        selected[best] = not selected[best]
    in_test = np.zeros(len(samples), dtype=bool)
    in_test[order] = selected
    is_test: np.ndarray = in_test[groups]
    return is_test


def _deal(
    groups: np.ndarray, codes: np.ndarray, n_folds: int, rng: np.random.Generator
) -> np.ndarray:
    """Return each sample's fold, from 1: whole groups, each class distributed evenly."""
    samples = _table(groups, codes)
    share = samples / samples.sum(axis=0)
    # Large groups first, so that small ones can even them out; single samples class by class.
    order = rng.permutation(len(samples))
    order = order[np.lexsort((share[order].argmax(axis=1), -samples[order].sum(axis=1)))]
    load, total = np.zeros((n_folds, samples.shape[1])), np.zeros(n_folds)
    fold = np.empty(len(samples), dtype=np.int64)
    for group in order:
        best = np.lexsort((total, (load @ share[group]).round(12)))[0]
        load[best] += share[group]
        total[best] += samples[group].sum()
        fold[group] = best + 1
    dealt: np.ndarray = fold[groups]
    return dealt


def _table(groups: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the number of samples, groups x classes."""
    samples = np.zeros((groups.max() + 1, codes.max() + 1), dtype=np.int64)
    np.add.at(samples, (groups, codes), 1)
    return samples


def _counts(
    classes: list[str], codes: np.ndarray, is_test: np.ndarray, wanted: np.ndarray
) -> pd.DataFrame:
    sizes, n_test = (np.bincount(part, minlength=len(classes)) for part in (codes, codes[is_test]))
    return pd.DataFrame(
        {
            "class": classes,
            "n": sizes,
            "n_test": n_test,
            "n_train": sizes - n_test,
            "difference": n_test - wanted,
        }
    )


def _check_held_out(counts: pd.DataFrame, groups: str | None) -> None:
    """Refuse classes without a test sample, and report how far the groups miss the numbers."""
    empty = counts.loc[counts["n_test"] == 0, "class"].tolist()
    if empty:
        raise DataError(
            f"no group of adata.obs[{groups!r}] can be held out for the classes {empty[:5]}: "
            "their samples are in too few groups; split by sample (groups=None) or drop them"
        )
    if (counts["difference"] != 0).any():
        worst = counts.iloc[int(counts["difference"].abs().to_numpy().argmax())]
        logger.info(
            "split by %s: %d to %d test samples per class, furthest from the requested number "
            "in %s (%d, not %d)",
            groups,
            counts["n_test"].min(),
            counts["n_test"].max(),
            worst["class"],
            worst["n_test"],
            worst["n_test"] - worst["difference"],
        )


def _fold_counts(classes: list[str], codes: np.ndarray, fold: np.ndarray) -> pd.DataFrame:
    """Return the numbers of each class and fold, and refuse a fold that holds a whole class."""
    n_test = np.zeros((len(classes), int(fold.max())), dtype=np.int64)
    np.add.at(n_test, (codes, fold - 1), 1)
    sizes = n_test.sum(axis=1, keepdims=True)
    small = [classes[code] for code in np.flatnonzero((sizes - n_test < MIN_TRAIN).any(axis=1))]
    if small:
        raise DataError(
            f"a fold leaves fewer than {MIN_TRAIN} training samples of the classes {small[:5]}: "
            "their samples are in too few groups; divide by sample (groups=None) or drop them"
        )
    code, number = (place.ravel() for place in np.indices(n_test.shape))
    return pd.DataFrame(
        {
            "class": np.asarray(classes)[code],
            "n": np.broadcast_to(sizes, n_test.shape).ravel(),
            "fold": number + 1,
            "n_test": n_test.ravel(),
            "n_train": (sizes - n_test).ravel(),
        }
    )
