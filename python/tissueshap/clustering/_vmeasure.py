"""The V-measure of gene sets: embed the samples on each, cluster, compare with the classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from tissueshap._core import checkpoints
from tissueshap._core.embedding import embed
from tissueshap._core.options import check_choice, check_number
from tissueshap._core.parallel import in_order
from tissueshap.clustering._k_means import k_means_scores

#: What can be clustered.
SPACES = ("umap", "expression")


def check_starts(n_starts: int, on: str) -> None:
    """Raise unless there is at least one start in a space that is known."""
    check_number("n_starts", n_starts, low=1, integer=True)
    check_choice("on", on, SPACES)


def random_sets(n_genes: int, size: int, n_sets: int, seed: int) -> Iterator[np.ndarray]:
    """Yield sets of gene positions, each an independent draw without replacement."""
    for child in np.random.SeedSequence(seed).spawn(n_sets):
        yield np.sort(np.random.default_rng(child).choice(n_genes, size, replace=False))


def standardised(X: np.ndarray) -> np.ndarray:
    """Return each gene (column) with mean 0 and standard deviation 1; a constant one is 0."""
    spread = X.std(axis=0)
    standardised: np.ndarray = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return standardised


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
        ``n_pcs``, ``n_neighbors`` and ``seed`` for ``embed``; the seed is that of
        k-means too.
    on
        What is clustered: ``"umap"``, the embedding, or ``"expression"``, `X` itself,
        where no embedding is made.
    n_starts
        Runs of k-means.
    """
    flat = embed(X, **embedding) if on == "umap" else None
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
    params = {"sets": list(sets), "codes": codes, "on": on, "n_starts": n_starts, **embedding}

    def made(start: int) -> Iterator[tuple[np.ndarray | None, pd.DataFrame]]:
        return in_order(prepare, work, sets[start:], desc=desc, unit="set")

    scored = checkpoints.continued("sets", params, made)
    for (name, replicate, _), (flat, table) in zip(sets, scored, strict=True):
        table.insert(0, "gene_set", name)
        table.insert(1, "replicate", replicate)
        yield flat, table
