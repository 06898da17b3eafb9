"""Hold test samples of each class out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from anndata import AnnData

from tissueshap import _schema, _slots
from tissueshap._counts import target
from tissueshap._errors import DataError
from tissueshap._logging import logger

#: Fewest samples of a class to train on: SMOTE needs a neighbour.
_MIN_TRAIN = 2


def split(
    adata: AnnData,
    label: str | None = None,
    *,
    n_test: int = 50,
    groups: str | None = None,
    seed: int = 42,
    key_added: str | None = None,
    copy: bool = False,
) -> AnnData | None:
    """Hold test samples of each class out; the rest is for training.

    Parameters
    ----------
    adata
        Samples x genes.
    label
        Column of ``obs`` with the classes; by default the one recorded before.
    n_test
        Samples of each class to hold out.
    groups
        Column of ``obs``, such as ``"donor"``, whose samples stay together on one side.
        Then ``n_test`` is met as nearly as the groups allow: they are added to, or
        taken from, the test side one at a time, always the one that brings the classes
        closest (in squares) to ``n_test``, until none does.
    seed
        Seed of the draw; with ``groups``, of the order in which ties are broken.
    key_added
        Name of the record, and prefix of the column, in place of ``"split"``.
    copy
        Return a new AnnData and leave this one as it is.

    Returns
    -------
        None, or with ``copy`` the new AnnData. Writes ``obs["split"]`` (``"train"`` or
        ``"test"``) and ``uns["tissueshap"]["split"]["counts"]``: ``class``, ``n``,
        ``n_test``, ``n_train``, and ``difference`` (of ``n_test`` from the one asked).

    Raises
    ------
    DataError
        If a class has fewer than ``n_test + 2`` samples, or ``groups`` leave a class
        without a sample to test.
    """
    adata = target(adata, copy=copy)
    name = _slots.label_name(adata, label)
    classes = _slots.class_names(adata, name)
    codes = _slots.class_codes(adata, name)
    sizes = np.bincount(codes, minlength=len(classes))
    _check_sizes(classes, sizes, n_test)
    rng = np.random.default_rng(seed)
    if groups is None:
        is_test = np.zeros(adata.n_obs, dtype=bool)
        for code in range(len(classes)):
            is_test[rng.choice(np.flatnonzero(codes == code), n_test, replace=False)] = True
    else:
        is_test = _by_group(_group_codes(adata, groups), codes, n_test, rng)
    held = np.bincount(codes[is_test], minlength=len(classes))
    if (held == 0).any():
        empty = [classes[code] for code in np.flatnonzero(held == 0)]
        raise DataError(
            f"no group of adata.obs[{groups!r}] can be held out for the classes {empty[:5]}: "
            "their samples are in too few groups; split by sample (groups=None) or drop them"
        )
    counts = pd.DataFrame(
        {
            "class": classes,
            "n": sizes,
            "n_test": held,
            "n_train": sizes - held,
            "difference": held - n_test,
        }
    )
    if (held != n_test).any():
        worst = classes[int(np.abs(held - n_test).argmax())]
        logger.info(
            "split by %s: %d to %d test samples a class, furthest from %d in %s",
            groups,
            held.min(),
            held.max(),
            n_test,
            worst,
        )
    _slots.write(
        adata,
        "split",
        {
            "obs": {_schema.obs.split: np.where(is_test, "test", "train")},
            "uns": {"counts": counts},
        },
        params={"label": name, "n_test": n_test, "groups": groups},
        seed=seed,
        key_added=key_added,
    )
    return adata if copy else None


def _check_sizes(classes: list[str], sizes: np.ndarray, n_test: int) -> None:
    if n_test < 1 or n_test != int(n_test):
        raise DataError(
            f"n_test is {n_test}: give the number of samples to hold out of each class, 1 or more"
        )
    needed = n_test + _MIN_TRAIN
    small = {classes[code]: int(sizes[code]) for code in np.flatnonzero(sizes < needed)}
    if small:
        shown = ", ".join(f"{name!r} ({size})" for name, size in list(small.items())[:5])
        most = int(sizes.min()) - _MIN_TRAIN
        lower = f"lower n_test to at most {most}, or " if most >= 1 else ""
        raise DataError(
            f"each class needs {needed} samples, {n_test} to hold out and {_MIN_TRAIN} to train "
            f"on; fewer have {shown}: {lower}leave these classes out"
        )


def _group_codes(adata: AnnData, groups: str) -> np.ndarray:
    if groups not in adata.obs:
        raise DataError(f"adata.obs has no column {groups!r}: pass groups=None, or add it")
    codes, _ = pd.factorize(adata.obs[groups])
    if (codes < 0).any():
        missing = list(adata.obs_names[codes < 0][:5])
        raise DataError(f"adata.obs[{groups!r}] is missing for samples {missing}: fill it in")
    return np.asarray(codes)


def _by_group(
    groups: np.ndarray, codes: np.ndarray, n_test: int, rng: np.random.Generator
) -> np.ndarray:
    """Return which samples to hold out: whole groups, near ``n_test`` a class."""
    samples = np.zeros((groups.max() + 1, codes.max() + 1), dtype=np.int64)
    np.add.at(samples, (groups, codes), 1)
    order = rng.permutation(len(samples))
    samples = samples[order]
    most = samples.sum(axis=0) - _MIN_TRAIN
    squares = (samples**2).sum(axis=1)
    held = np.zeros(len(samples), dtype=bool)
    while True:
        count = samples[held].sum(axis=0)
        sign = np.where(held, -1, 1)
        # What (n_test - count)^2, summed over classes, falls by when a group changes side.
        gain = 2 * sign * (samples @ (n_test - count)) - squares
        gain[~held & (samples + count > most).any(axis=1)] = 0
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        held[best] = not held[best]
    chosen = np.zeros(len(samples), dtype=bool)
    chosen[order] = held
    is_held: np.ndarray = chosen[groups]
    return is_held
