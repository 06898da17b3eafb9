"""Choosing samples and gene sets, and embedding the samples on them.

Shared by ``tl.cluster`` and ``tl.null_test``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tissueshap import _schema, _slots, _umap
from tissueshap._dense import dense
from tissueshap._errors import DataError
from tissueshap.tl._k_means import k_means_scores
from tissueshap.tl._parallel import in_order

if TYPE_CHECKING:
    from anndata import AnnData

#: Samples a neighbourhood in UMAP, its own default.
_N_NEIGHBORS = 15

SAMPLES = ("test", "train", "all")
SPACES = ("umap", "expression")


def chosen_samples(adata: AnnData, samples: str) -> np.ndarray:
    """Return the positions of the samples to cluster: ``"test"``, ``"train"`` or ``"all"``.

    Without a split ``"test"`` is all samples.
    """
    if samples not in SAMPLES:
        raise DataError(f"samples={samples!r} is none of {list(SAMPLES)}")
    if samples == "all" or (samples == "test" and _schema.obs.split not in adata.obs):
        return np.arange(adata.n_obs)
    split = _slots.require(adata, "obs", _schema.obs.split).astype(str).to_numpy()
    found: np.ndarray = np.flatnonzero(split == samples)
    if not found.size:
        raise DataError(f"adata.obs['split'] has no {samples!r} sample: run ts.pp.split(adata)")
    return found


def checked_classes(adata: AnnData, label: str | None, rows: np.ndarray) -> np.ndarray:
    """Return the class codes of the samples to cluster, at least two classes of them."""
    codes: np.ndarray = _slots.class_codes(adata, label)[rows]
    n_classes = len(np.unique(codes))
    if n_classes < 2 or len(rows) < n_classes + 2:
        raise DataError(
            f"{len(rows)} samples of {n_classes} class(es) cannot be clustered: at least two "
            "classes and a few samples of each are needed (samples='all' takes every sample)"
        )
    return codes


def expression(
    adata: AnnData, layer: str, rows: np.ndarray, genes: np.ndarray, *, scale: bool
) -> np.ndarray:
    """Return the float32 matrix of some samples and genes, its genes standardised or not."""
    values = dense(_slots.require(adata, "layers", layer)[np.ix_(rows, genes)])
    X = np.asarray(values, dtype=np.float32)
    return standardised(X) if scale else X


def random_sets(n_genes: int, size: int, n_sets: int, seed: int) -> Iterator[np.ndarray]:
    """Yield sets of gene positions, each drawn anew without replacement."""
    for child in np.random.SeedSequence(seed).spawn(n_sets):
        yield np.sort(np.random.default_rng(child).choice(n_genes, size, replace=False))


def standardised(X: np.ndarray) -> np.ndarray:
    """Return each gene (column) with mean 0 and standard deviation 1; a constant one is 0."""
    spread = X.std(axis=0)
    found: np.ndarray = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return found


def score(
    X: np.ndarray, codes: np.ndarray, *, embedding: dict[str, Any], on: str, n_starts: int
) -> tuple[np.ndarray | None, pd.DataFrame]:
    """Return the embedding of some samples and how well k-means finds the classes.

    Parameters
    ----------
    X
        Samples x genes of one gene set.
    codes
        Class of each sample.
    embedding
        ``n_pcs``, ``n_neighbors`` and ``seed`` for ``_umap.embed``; the seed is that of
        k-means too.
    on
        What is clustered: ``"umap"``, the embedding, or ``"expression"``, `X` itself,
        where no embedding is made.
    n_starts
        Runs of k-means.
    """
    flat = _umap.embed(X, **embedding) if on == "umap" else None
    space = X if flat is None else flat
    return flat, k_means_scores(space, codes, n_starts=n_starts, seed=embedding["seed"])


def scored_sets(
    sets: Sequence[tuple[str, int, np.ndarray]],
    read: Callable[[np.ndarray], np.ndarray],
    codes: np.ndarray,
    *,
    embedding: dict[str, Any],
    on: str,
    n_starts: int,
    desc: str,
) -> Iterator[tuple[np.ndarray | None, pd.DataFrame]]:
    """Yield what :func:`score` finds of each gene set, by several processes where that pays.

    Parameters
    ----------
    sets
        Name, replicate and genes of each; the first two become columns of the scores.
    read
        Returns the samples' matrix of some genes.
    codes, embedding, on, n_starts
        As for :func:`score`.
    desc
        Text of the progress bar.
    """

    def prepare(entry: tuple[str, int, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        return read(entry[2]), codes

    work = partial(score, embedding=embedding, on=on, n_starts=n_starts)
    scored = in_order(prepare, work, sets, desc=desc, unit="set")
    for (name, replicate, _), (flat, found) in zip(sets, scored, strict=True):
        found.insert(0, "gene_set", name)
        found.insert(1, "replicate", replicate)
        yield flat, found


def check_starts(n_starts: int, on: str) -> None:
    """Raise unless there is at least one start in a space that is known."""
    if n_starts < 1:
        raise DataError(f"n_starts={n_starts}: at least 1 run of k-means is needed")
    if on not in SPACES:
        raise DataError(f"on={on!r} is none of {list(SPACES)}")
